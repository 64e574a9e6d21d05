import { Fifo } from "./fifo.ts";

/**
 * Messages that are sent over a connection which may break, under numbers from 1 on. The newest are kept, up to so many bytes, to be
 * sent again to a peer that says how many have come.
 */
export class SentMessages<M> {
  #kept = new Fifo<{ message: M; bytes: number }>();
  #keptBytes = 0;
  #mostBytes: number;
  #count = 0;

  constructor(options: { mostBytes: number }) {
    this.#mostBytes = options.mostBytes;
  }

  /** Keeps the next one, which `make` gets the number for, and returns it. */
  add(bytes: number, make: (number: number) => M): M {
    this.#count += 1;
    const message = make(this.#count);
    this.#kept.push({ message, bytes });
    this.#keptBytes += bytes;
    while (this.#keptBytes > this.#mostBytes && this.#kept.length > 1)
      this.#keptBytes -= this.#kept.shift()?.bytes ?? 0;
    return message;
  }

  /** Lists the messages after a number, as far as they are kept: by their numbers a peer sees what is missing. */
  after(number: number): M[] {
    const missing = Math.max(0, this.#count - number);
    return [...this.#kept].slice(Math.max(0, this.#kept.length - missing)).map(({ message }) => message);
  }
}
