import { setImmediate as nextTurn } from "node:timers/promises";

/** Whoever has a piece to do has a turn of the event loop alone: many at once hold up others no longer than one. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Work on what others chose the size of, done in pieces with everybody else in between.
 *
 * @example
 * const work = new LongWork(1_000);
 * for (const row of rows) await work.done(row.length);
 */
export class LongWork {
  #piece: number;
  #left: number;

  /** `piece`: how much is done at a time, in whatever it is measured: some milliseconds' worth. */
  constructor(piece: number) {
    this.#piece = piece;
    this.#left = piece;
  }

  /** After so much more was done: undefined to go on at once, else to be waited for. */
  done(amount: number): Promise<void> | undefined {
    this.#left -= amount;
    if (this.#left > 0) return undefined;
    this.#left = this.#piece;
    const turn = last.then(() => nextTurn());
    last = turn;
    return turn;
  }
}
