/**
 * Works on items, at most `limit` at a time. The first failure aborts what runs, and is thrown once all of it has ended.
 */
export async function concurrently<T>(
  items: Iterable<T> | AsyncIterable<T>,
  options: { limit: number; signal?: AbortSignal | undefined },
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const failed = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, failed.signal]) : failed.signal;
  const queue = shared(items);
  const lane = async () => {
    try {
      for await (const item of queue) {
        signal.throwIfAborted();
        await work(item, signal);
      }
    } catch (error) {
      failed.abort(error);
    }
  };
  await Promise.all(Array.from({ length: options.limit }, lane));
  options.signal?.throwIfAborted();
  failed.signal.throwIfAborted();
}

async function* shared<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T> {
  yield* items;
}
