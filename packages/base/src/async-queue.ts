import { Fifo } from "./fifo.ts";
import { Notifier } from "./notifier.ts";

/**
 * An unbounded queue between one producer and one consumer: `push` until `end` or `fail`, read with `for await`.
 */
export class AsyncQueue<T> implements AsyncIterable<T> {
  #items = new Fifo<T>();
  #ended = false;
  #error: { reason: unknown } | undefined;
  #changed = new Notifier();

  push(item: T): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#changed.notify();
  }

  end(): void {
    this.#ended = true;
    this.#changed.notify();
  }

  /** Ends the queue; the consumer's loop throws `reason` once it has read what was pushed before. */
  fail(reason: unknown): void {
    if (!this.#ended) this.#error = { reason };
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    const never = new AbortController().signal;
    for (;;) {
      while (this.#items.length > 0) yield this.#items.shift() as T;
      if (this.#error) throw this.#error.reason;
      if (this.#ended) return;
      await this.#changed.wait({ signal: never });
    }
  }
}
