import { steadyClockMs } from "./steady-clock.ts";

/**
 * Measures how long something takes.
 *
 * @example
 * const watch = new Stopwatch();
 * await build();
 * logger.info({ ms: Math.round(watch.ms) }, "built");
 */
export class Stopwatch {
  #elapsedMs: () => number;
  #startedAtMs: number;

  constructor(elapsedMs = steadyClockMs) {
    this.#elapsedMs = elapsedMs;
    this.#startedAtMs = elapsedMs();
  }

  /** Milliseconds since it was started. */
  get ms(): number {
    return this.#elapsedMs() - this.#startedAtMs;
  }

  restart(): void {
    this.#startedAtMs = this.#elapsedMs();
  }
}
