/** What the wall clock may gain or lose on the monotonic one between two looks and still be the same clock. */
const driftMs = 60_000;

/** A clock that was set to the wrong year may be set back within so long, and nothing has gone. */
export const trustAfterMs = 3_600_000;

/** Tells for how long the wall clock has gone on as time did: ages by a clock that was just set are not believed. */
export class SteadyClock {
  #last: { wallMs: number; monotonicMs: number } | undefined;
  #steadySinceMs = 0;

  /** Milliseconds since the first look, or since a look that found the clock set. */
  steadyMs(now: { wallMs: number; monotonicMs: number }): number {
    const last = this.#last;
    this.#last = now;
    const gained = last && now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs);
    if (gained === undefined || Math.abs(gained) > driftMs) this.#steadySinceMs = now.monotonicMs;
    return now.monotonicMs - this.#steadySinceMs;
  }
}
