import { sleep } from "@dorian/base/sleep";
import { AppDisconnectReason, AppState } from "@dorian/protocol/modal";
import type { App } from "@dorian/sdk";
import { deployApp, type DeployedApp, type DeployOptions } from "./deploy-app.ts";

export interface RunOptions extends Omit<DeployOptions, "appId" | "state" | "existing"> {
  /** Keep it running after this program has gone. */
  detach?: boolean;
  /** Told the app's id before anything else is made, so that its log can be read from the first line. */
  onAppCreated?: (appId: string) => void;
}

/** An app that runs for as long as this program does. */
export interface RunningApp extends AsyncDisposable {
  readonly deployed: DeployedApp;
  /** Ends the run; resolves when the server knows. Its containers stop after that. */
  disconnect(reason: AppDisconnectReason, exception?: string): Promise<void>;
}

const heartbeatMs = 15_000;

/** Creates an ephemeral app, publishes it, and keeps it alive until it is disposed of. */
export async function runApp(app: App, options: RunOptions): Promise<RunningApp> {
  const { modal } = options.transport;
  const state = options.detach ? AppState.DETACHED : AppState.EPHEMERAL;
  const { appId } = await modal.appCreate(
    { description: app.name, appState: state },
    { signal: options.signal },
  );
  options.onAppCreated?.(appId);
  options.onProgress({ kind: "app-created", appId, name: app.name });
  const ended = new AbortController();
  void keepAlive(async () => void (await modal.appHeartbeat({ appId })), ended.signal);
  let disconnected = false;
  const disconnect = async (reason: AppDisconnectReason, exception = "") => {
    if (disconnected) return;
    disconnected = true;
    ended.abort();
    await modal.appClientDisconnect({ appId, reason, exception: exception.slice(0, 1000) });
  };
  try {
    const deployed = await deployApp(app, { ...options, appId, state });
    return {
      deployed,
      disconnect,
      [Symbol.asyncDispose]: () => disconnect(AppDisconnectReason.ENTRYPOINT_COMPLETED),
    };
  } catch (error) {
    const reason = options.signal.aborted
      ? AppDisconnectReason.KEYBOARD_INTERRUPT
      : AppDisconnectReason.LOCAL_EXCEPTION;
    await disconnect(reason, String(error));
    throw error;
  }
}

async function keepAlive(beat: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(heartbeatMs, { signal }).catch(() => undefined);
    // A server that is away for longer than it forgives ends the app; there is nobody else to tell.
    if (!signal.aborted) await beat().catch(() => undefined);
  }
}
