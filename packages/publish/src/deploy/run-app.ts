import { AppDisconnectReason, AppState } from "@dorian/protocol/modal";
import type { App } from "@dorian/sdk";
import { deployApp, type DeployedApp, type DeployOptions } from "./deploy-app.ts";
import { openEphemeralApp, type EphemeralApp } from "./ephemeral-app.ts";

export interface RunOptions extends Omit<DeployOptions, "appId" | "state" | "existing"> {
  /** Keep it running after this program has gone. */
  detach?: boolean;
  /** Told the app's id before anything else is made, so that its log can be read from the first line. */
  onAppCreated?: (appId: string) => void;
}

/** An app that runs for as long as this program does. */
export interface RunningApp extends Omit<EphemeralApp, "appId"> {
  readonly deployed: DeployedApp;
}

/** Creates an ephemeral app, publishes it, and keeps it alive until it is disposed of. */
export async function runApp(app: App, options: RunOptions): Promise<RunningApp> {
  const { transport, signal } = options;
  const state = options.detach ? AppState.DETACHED : AppState.EPHEMERAL;
  const running = await openEphemeralApp({ transport, description: app.name, state, signal });
  const { appId } = running;
  options.onAppCreated?.(appId);
  options.onProgress({ kind: "app-created", appId, name: app.name });
  try {
    const deployed = await deployApp(app, { ...options, appId, state });
    return { ...running, deployed };
  } catch (error) {
    const reason = signal.aborted
      ? AppDisconnectReason.KEYBOARD_INTERRUPT
      : AppDisconnectReason.LOCAL_EXCEPTION;
    await running.disconnect(reason, String(error));
    throw error;
  }
}
