/**
 * Calls `work` for each item, at most `limit` at a time. The first failure ends the iteration; it is thrown when no
 * call runs any more, so nothing writes on behind the caller's back.
 */
export async function forEachConcurrently<T>(
  items: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const start = (item: T) => {
    const call: Promise<void> = work(item)
      .catch((error: unknown) => void failures.push(error))
      .then(() => void running.delete(call));
    running.add(call);
  };
  try {
    for await (const item of items) {
      while (running.size >= limit) await Promise.race(running);
      if (failures.length > 0) break;
      start(item);
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
}
