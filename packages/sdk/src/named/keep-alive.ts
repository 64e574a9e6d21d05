/** The server removes an object without a name after 15 minutes of silence. */
const everyMs = 300_000;
/** What cannot be removed by then the server removes by itself. */
const patienceMs = 10_000;

/** Keeps an object without a name alive until the result is disposed of, and removes it then. */
export function keepAlive(calls: {
  heartbeat(): Promise<unknown>;
  remove(options: { signal: AbortSignal }): Promise<unknown>;
}): AsyncDisposable {
  const timer = setInterval(() => void calls.heartbeat().catch(() => undefined), everyMs);
  // A program does not stay for what only it uses.
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await calls.remove({ signal: AbortSignal.timeout(patienceMs) }).catch(() => undefined);
    },
  };
}
