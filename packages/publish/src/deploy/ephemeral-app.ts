import { sleep } from "@dorian/base/sleep";
import { AppDisconnectReason, AppState } from "@dorian/protocol/modal";
import type { Transport } from "@dorian/sdk/client/transport";

/** An app without a name of its own, which lives as long as this program. */
export interface EphemeralApp extends AsyncDisposable {
  readonly appId: string;
  /** Ends it; resolves when the server knows. Its containers stop after that. */
  disconnect(reason: AppDisconnectReason, exception?: string): Promise<void>;
}

const heartbeatMs = 15_000;

/** Creates an app and keeps it alive until it is disposed of. */
export async function openEphemeralApp(options: {
  transport: Pick<Transport, "modal">;
  description: string;
  state?: AppState.EPHEMERAL | AppState.DETACHED;
  signal: AbortSignal;
}): Promise<EphemeralApp> {
  const { description, state: appState = AppState.EPHEMERAL, signal } = options;
  const { modal } = options.transport;
  const { appId } = await modal.appCreate({ description, appState }, { signal });
  const ended = new AbortController();
  void keepAlive(async () => void (await modal.appHeartbeat({ appId })), ended.signal);
  let disconnected = false;
  const disconnect = async (reason: AppDisconnectReason, exception = "") => {
    if (disconnected) return;
    disconnected = true;
    ended.abort();
    await modal.appClientDisconnect({ appId, reason, exception: exception.slice(0, 1000) });
  };
  return {
    appId,
    disconnect,
    [Symbol.asyncDispose]: () => disconnect(AppDisconnectReason.ENTRYPOINT_COMPLETED),
  };
}

async function keepAlive(beat: () => Promise<void>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(heartbeatMs, { signal }).catch(() => undefined);
    // A server that is away for longer than it forgives ends the app; there is nobody else to tell.
    if (!signal.aborted) await beat().catch(() => undefined);
  }
}
