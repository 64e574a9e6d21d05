import { steadyClockMs } from "./steady-clock.ts";
export interface SilenceWatchOptions {
  /** Milliseconds of silence after which one counts as gone. */
  limitMs: number;
  /** Milliseconds between the sweeps that the owner makes. */
  everyMs: number;
  /** A clock that nobody sets and that stands still with the machine. Default: `steadyClockMs`. */
  elapsedMs?: () => number;
}

/**
 * Tells who has been silent for too long, and never holds a stall of this process against others: what they sent meanwhile
 * still waits to be read. So a sweep that comes late begins a new period for everybody, and who is silent at one sweep is
 * given up at the next, with the event loop in between.
 *
 * @example
 * const watch = new SilenceWatch<string>({ limitMs: 15_000, everyMs: 1_000 });
 * setInterval(() => { for (const name of watch.sweep()) giveUp(name); }, 1_000);
 * watch.heard("a");
 */
export class SilenceWatch<Key> {
  #limitMs: number;
  #everyMs: number;
  #elapsedMs: () => number;
  #heardAt = new Map<Key, number>();
  #suspects = new Set<Key>();
  #sweptAtMs: number;

  constructor(options: SilenceWatchOptions) {
    this.#limitMs = options.limitMs;
    this.#everyMs = options.everyMs;
    this.#elapsedMs = options.elapsedMs ?? steadyClockMs;
    this.#sweptAtMs = this.#elapsedMs();
  }

  heard(key: Key): void {
    this.#heardAt.set(key, this.#elapsedMs());
    this.#suspects.delete(key);
  }

  /** Expects to hear it from now on; one that is expected already keeps its time. */
  expect(key: Key): void {
    if (!this.#heardAt.has(key)) this.heard(key);
  }

  forget(key: Key): void {
    this.#heardAt.delete(key);
    this.#suspects.delete(key);
  }

  /** Forgets all that `keep` says no of. */
  retain(keep: (key: Key) => boolean): void {
    for (const key of this.#heardAt.keys()) if (!keep(key)) this.forget(key);
  }

  /** Finds those that are to be given up: they have been silent for too long, at this sweep and at the one before. */
  sweep(): Key[] {
    const now = this.#elapsedMs();
    const isLate = now - this.#sweptAtMs > 2 * this.#everyMs;
    this.#sweptAtMs = now;
    if (isLate) {
      for (const key of this.#heardAt.keys()) this.heard(key);
      return [];
    }
    const silent: Key[] = [];
    for (const [key, heardAt] of this.#heardAt) {
      if (now - heardAt <= this.#limitMs) continue;
      if (this.#suspects.has(key)) silent.push(key);
      else this.#suspects.add(key);
    }
    return silent;
  }
}
