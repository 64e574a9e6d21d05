import type { Http2Connection } from "./connection.ts";
import { allUnreadAnswerBytes } from "./limits.ts";

/**
 * What the peers of a process leave unread, so that all of them together cannot make it hold more than it may: whoever leaves most
 * loses the largest of its answers.
 */
export class UnreadAnswers {
  #limitBytes: number;
  #connections = new Set<Http2Connection>();
  #isLookingSoon = false;

  constructor(limitBytes: number = allUnreadAnswerBytes) {
    this.#limitBytes = limitBytes;
  }

  /** Counts a connection until the result is disposed of. */
  add(connection: Http2Connection): Disposable {
    this.#connections.add(connection);
    return { [Symbol.dispose]: () => void this.#connections.delete(connection) };
  }

  /** Some answer could not be sent whole. Looked at once for all of a turn, and not while it is being sent. */
  readonly grown = (): void => {
    if (this.#isLookingSoon) return;
    this.#isLookingSoon = true;
    process.nextTick(() => {
      this.#isLookingSoon = false;
      this.#dropTooMuch();
    });
  };

  #dropTooMuch(): void {
    const unread = new Map<Http2Connection, number>();
    let total = 0;
    for (const connection of this.#connections) {
      const bytes = connection.unsentBytes;
      total += bytes;
      if (bytes > 0) unread.set(connection, bytes);
    }
    while (total > this.#limitBytes) {
      const [worst, bytes] = [...unread].reduce((most, each) => (each[1] > most[1] ? each : most));
      const dropped = worst.dropLargestAnswer();
      unread.set(worst, bytes - dropped);
      total -= dropped;
    }
  }
}
