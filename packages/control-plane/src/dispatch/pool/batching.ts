export interface Batchable {
  /** Only inputs of one method go out together. */
  method: string;
  waitingSinceMs: number;
}

export interface Batch<T> {
  /** Empty when it is worth waiting for more. */
  items: T[];
  /** When nothing is worth waiting for any more. */
  dueAtMs: number;
}

/** Which of the waiting inputs, in their order, go out together: a full batch at once, fewer when the first has waited. */
export function nextBatch<T extends Batchable>(
  waiting: Iterable<T>,
  options: { maxSize: number; lingerMs: number; nowMs: number },
): Batch<T> {
  const items: T[] = [];
  let oldestMs = Infinity;
  for (const item of waiting) {
    if (items[0] && item.method !== items[0].method) continue;
    items.push(item);
    oldestMs = Math.min(oldestMs, item.waitingSinceMs);
    if (items.length >= options.maxSize) return { items, dueAtMs: options.nowMs };
  }
  const dueAtMs = oldestMs + options.lingerMs;
  return { items: dueAtMs <= options.nowMs ? items : [], dueAtMs };
}
