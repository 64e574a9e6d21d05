/** How long to wait for the server. */
export interface WaitOptions {
  /** Gives up when it aborts; without one, it waits. */
  signal?: AbortSignal | undefined;
}

/** A signal as an RPC takes it. */
export function callOptions(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
