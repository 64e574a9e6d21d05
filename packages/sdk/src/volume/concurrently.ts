/**
 * Works on items, at most `limit` at a time. The first failure aborts what runs, and is thrown once all of it has ended.
 */
export async function concurrently<T>(
  items: readonly T[],
  options: { limit: number; signal?: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const queue = items.values();
  const lane = async () => {
    try {
      for (const item of queue) {
        signal.throwIfAborted();
        await work(item, signal);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.limit, items.length) }, lane));
  options.signal?.throwIfAborted();
  failed.signal.throwIfAborted();
}
