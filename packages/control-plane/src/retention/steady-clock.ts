/** What the wall clock may gain or lose on the monotonic one between two looks and still be the same clock. */
const driftMs = 60_000;

/** Tells whether the wall clock has gone on as time did for long enough: ages by a clock that was just set are not believed. */
export class SteadyClock {
  #trustAfterMs: number;
  #last: { wallMs: number; monotonicMs: number } | undefined;
  #steadySinceMs = 0;

  constructor(trustAfterMs: number) {
    this.#trustAfterMs = trustAfterMs;
  }

  isTrusted(now: { wallMs: number; monotonicMs: number }): boolean {
    const last = this.#last;
    this.#last = now;
    const gained = last && now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs);
    if (gained === undefined || Math.abs(gained) > driftMs) this.#steadySinceMs = now.monotonicMs;
    return now.monotonicMs - this.#steadySinceMs >= this.#trustAfterMs;
  }
}
