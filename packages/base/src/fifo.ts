/** Items before which so many were taken out are moved to the front. */
const mostTaken = 1_024;

/** First in, first out, at the same cost however many wait: `shift` of a long array moves all the others each time. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #taken = 0;

  get length(): number {
    return this.#items.length - this.#taken;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Undefined when there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#taken];
    // What was taken out must not be kept.
    this.#items[this.#taken] = undefined;
    this.#taken++;
    if (this.#taken === this.#items.length) this.clear();
    else if (this.#taken > mostTaken && this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item;
  }

  /** Those that wait, in order; they stay. */
  *[Symbol.iterator](): Generator<T> {
    for (let place = this.#taken; place < this.#items.length; place++) yield this.#items[place] as T;
  }

  /** Takes out those that wait, in order. */
  *drain(): Generator<T> {
    while (this.length > 0) yield this.shift() as T;
  }

  clear(): void {
    this.#items = [];
    this.#taken = 0;
  }
}
