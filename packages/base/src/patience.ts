import { steadyClockMs } from "./steady-clock.ts";
import { backoff } from "./backoff.ts";
import { sleep } from "./sleep.ts";

/** A pause that lasts so many milliseconds longer than it was meant to follows a stall of this process, which is not held against others. */
const stallMs = 1_000;

/**
 * Patience with somebody who fails: it begins with the first failure of a run of them, however long one had waited before, and a success
 * makes it whole again.
 *
 * @example
 * const patience = new Patience({ limitMs: 60_000, firstMs: 100, maxMs: 2_000 });
 * for (;;) {
 *   try { return await ask(); }
 *   catch (error) { if (!(await patience.again({ signal }))) throw error; }
 * }
 */
export class Patience {
  #limitMs: number;
  #elapsedMs: () => number;
  #delays: ReturnType<typeof backoff>;
  #failingSinceMs: number | undefined;

  /** `limitMs`: how long a run of failures may last. `firstMs`, `maxMs`: the pauses between tries. */
  constructor(options: { limitMs: number; firstMs: number; maxMs: number; elapsedMs?: () => number }) {
    this.#limitMs = options.limitMs;
    this.#elapsedMs = options.elapsedMs ?? steadyClockMs;
    this.#delays = backoff(options);
  }

  succeeded(): void {
    if (this.#failingSinceMs === undefined) return;
    this.#failingSinceMs = undefined;
    this.#delays.reset();
  }

  /** After a failure: true when it is time to try again, false at once when failures have gone on for too long. */
  async again(options: { signal: AbortSignal }): Promise<boolean> {
    const now = this.#elapsedMs();
    this.#failingSinceMs ??= now;
    if (now - this.#failingSinceMs >= this.#limitMs) return false;
    const pauseMs = this.#delays.next();
    await sleep(pauseMs, options);
    const stalledMs = this.#elapsedMs() - now - pauseMs;
    if (stalledMs > stallMs) this.#failingSinceMs += stalledMs;
    return true;
  }
}
