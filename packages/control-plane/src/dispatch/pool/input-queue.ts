/**
 * First in, first out; what has been out before goes ahead of what has not. What is to go out alone stands in a line of
 * its own. Something in the queue may be taken out of it at any time.
 */
export class InputQueue<T> {
  #again = new Set<T>();
  #fresh = new Set<T>();
  #alone = new Set<T>();

  /** How many inputs wait, of all methods. */
  get size(): number {
    return this.#again.size + this.#fresh.size + this.#alone.size;
  }

  get aloneSize(): number {
    return this.#alone.size;
  }

  add(item: T, options: { again: boolean; alone?: boolean }): void {
    (options.alone ? this.#alone : options.again ? this.#again : this.#fresh).add(item);
  }

  peek(): T | undefined {
    const { value } = (this.#again.size > 0 ? this.#again : this.#fresh).values().next();
    return value;
  }

  /** The next of those that go out alone. */
  peekAlone(): T | undefined {
    const { value } = this.#alone.values().next();
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
    return this.#again.delete(item) || this.#fresh.delete(item) || this.#alone.delete(item);
  }

  /** Removes and returns those of all that are meant. */
  takeWhere(isMeant: (item: T) => boolean): T[] {
    const items = [...this.#alone, ...this.#again, ...this.#fresh].filter(isMeant);
    for (const item of items) this.remove(item);
    return items;
  }
}
