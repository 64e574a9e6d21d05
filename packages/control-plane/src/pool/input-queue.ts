/**
 * First in, first out; what has been out before goes ahead of what has not. Something in the queue may be taken out of
 * it at any time.
 */
export class InputQueue<T> {
  #again = new Set<T>();
  #fresh = new Set<T>();

  get size(): number {
    return this.#again.size + this.#fresh.size;
  }

  add(item: T, options: { again: boolean }): void {
    (options.again ? this.#again : this.#fresh).add(item);
  }

  peek(): T | undefined {
    const { value } = (this.#again.size > 0 ? this.#again : this.#fresh).values().next();
    return value;
  }

  /** Removes and returns the next one. */
  take(): T | undefined {
    const next = this.peek();
    if (next !== undefined) this.remove(next);
    return next;
  }

  /** In the order in which they would be taken. */
  *[Symbol.iterator](): Generator<T> {
    yield* this.#again;
    yield* this.#fresh;
  }

  /** False when it was not there. */
  remove(item: T): boolean {
    return this.#again.delete(item) || this.#fresh.delete(item);
  }

  takeAll(): T[] {
    const items = [...this.#again, ...this.#fresh];
    this.#again.clear();
    this.#fresh.clear();
    return items;
  }
}
