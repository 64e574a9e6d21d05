export interface RepeatedlyOptions {
  everyMs: number;
  /** Before the first run of all. Default: `everyMs`. */
  firstMs?: number;
  onError: (error: unknown) => void;
}

/**
 * Does something from time to time, never twice at once, without keeping the process alive for it. Disposing aborts `signal` and waits
 * for a run that is under way.
 */
export function repeatedly(
  work: (signal: AbortSignal) => Promise<void>,
  { everyMs, firstMs, onError }: RepeatedlyOptions,
): AsyncDisposable {
  const stopping = new AbortController();
  let running: Promise<void> | undefined;
  const run = () => {
    running ??= work(stopping.signal)
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
  const first = firstMs === undefined ? undefined : setTimeout(run, firstMs).unref();
  const timer = setInterval(run, everyMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(first);
      clearInterval(timer);
      stopping.abort(new Error("It is not repeated any more."));
      await running;
    },
  };
}
