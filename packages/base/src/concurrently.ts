/**
 * Works on items, at most `limit` at a time; the next item is asked for when there is room for it. The first failure, of the items or of
 * work on one, aborts the signal of what runs and ends it: it is thrown once nothing runs any more, and so is the reason of
 * `signal`.
 */
export async function concurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  options: { limit: number; signal?: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const running = { count: 0 };
  let wake = () => {};
  const oneEnds = () => new Promise<void>((resolve) => (wake = resolve));
  const start = async (item: T) => {
    running.count += 1;
    try {
      await work(item, signal);
    } catch (error) {
      failed.abort(error);
    } finally {
      running.count -= 1;
      wake();
    }
  };
  try {
    signal.throwIfAborted();
    for await (const item of items) {
      signal.throwIfAborted();
      void start(item);
      while (running.count >= options.limit) await oneEnds();
    }
  } catch (error) {
    failed.abort(error);
  }
  while (running.count > 0) await oneEnds();
  options.signal?.throwIfAborted();
  failed.signal.throwIfAborted();
}
