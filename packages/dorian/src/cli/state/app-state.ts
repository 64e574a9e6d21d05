import { AppState } from "@dorian/protocol/modal";

const texts: Record<AppState, string> = {
  [AppState.UNSPECIFIED]: "unknown",
  [AppState.EPHEMERAL]: "running",
  [AppState.DETACHED]: "running (detached)",
  [AppState.DEPLOYED]: "deployed",
  [AppState.STOPPING]: "stopping",
  [AppState.STOPPED]: "stopped",
  [AppState.INITIALIZING]: "starting",
  [AppState.DISABLED]: "disabled",
  [AppState.DETACHED_DISCONNECTED]: "running (detached)",
  [AppState.DERIVED]: "derived",
};

export function appStateText(state: AppState): string {
  return texts[state] ?? "unknown";
}
