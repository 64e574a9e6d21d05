import { steadyClockMs } from "./steady-clock.ts";

/**
 * A moment up to which something may be waited for, however often.
 *
 * @example
 * const deadline = new Deadline(5_000);
 * while (!isThere() && !deadline.isOver) await changed.wait({ signal, timeoutMs: deadline.leftMs });
 */
export class Deadline {
  #elapsedMs: () => number;
  #atMs: number;

  /** `afterMs`: milliseconds from now; `Infinity` never comes. */
  constructor(afterMs: number, elapsedMs = steadyClockMs) {
    this.#elapsedMs = elapsedMs;
    this.#atMs = elapsedMs() + afterMs;
  }

  /** Milliseconds until then; 0 afterwards. */
  get leftMs(): number {
    return Math.max(0, this.#atMs - this.#elapsedMs());
  }

  get isOver(): boolean {
    return this.leftMs === 0;
  }
}
