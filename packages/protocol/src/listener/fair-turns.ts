import { Fifo } from "@dorian/base/fifo";

/**
 * Begins a bounded number of things in one turn of the event loop. When more come, each of those who brought them has one begun at a
 * time, in turn: somebody with one question waits for as many others as there are askers, not for as many as there are questions.
 */
export class FairTurns {
  #most: number;
  #left: number;
  #hasNext = false;
  /** What waits, by whom it came from. */
  #waiting = new Map<object, Fifo<() => void>>();

  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /** Runs `begin` at once, or in a later turn; what is from one asker keeps its order. It must not throw. */
  begin(asker: object, begin: () => void): void {
    this.#left -= 1;
    // An immediate for each single call would cost as much as some calls.
    if (this.#left <= this.#most / 2) this.#turnSoon();
    if (this.#left >= 0 && this.#waiting.size === 0) {
      begin();
      return;
    }
    const waiting = this.#waiting.get(asker);
    if (waiting) waiting.push(begin);
    else {
      const first = new Fifo<() => void>();
      first.push(begin);
      this.#waiting.set(asker, first);
    }
  }

  #turnSoon(): void {
    if (this.#hasNext) return;
    this.#hasNext = true;
    setImmediate(() => {
      this.#hasNext = false;
      this.#left = this.#most;
      this.#turn();
    });
  }

  #turn(): void {
    for (const [asker, waiting] of this.#waiting) {
      if (this.#left <= 0) break;
      // Whoever is left has its next turn after all others, which may be in this one.
      this.#waiting.delete(asker);
      const begin = waiting.shift();
      if (waiting.length > 0) this.#waiting.set(asker, waiting);
      this.#left -= 1;
      begin?.();
    }
    if (this.#waiting.size > 0) this.#turnSoon();
  }
}
