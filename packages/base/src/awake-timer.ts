import { steadyClockMs } from "./steady-clock.ts";
/** Milliseconds between looks at whether this process runs. */
const lookEveryMs = 1_000;

/** A look that comes so many milliseconds after the one before follows a stall: the process, or the whole machine, stood still. */
const stallMs = 3_000;

/** Milliseconds after a stall in which no timer fires: what others sent meanwhile is read first. */
const readingMs = 1_000;

/** What setTimeout can wait for. */
const longestWaitMs = 2 ** 31 - 1;

/** What is to happen after a time, unless it is called off. */
export interface AwakeTimer {
  clear(): void;
}

/**
 * Timers for judging others: they count only the time in which this process ran. Who was suspended with it, by a debugger or with the
 * machine, has not used up its time; and who answered during a stall of ours is heard before it is judged.
 */
export class AwakeTimers {
  #elapsedMs: () => number;
  #pending = new Set<AwakeTimer>();
  #ticker: NodeJS.Timeout | undefined;
  #lookedAt = 0;
  #stalledMs = 0;
  #restUntil = 0;

  /** `elapsedMs`: a clock that nobody sets. */
  constructor(elapsedMs = steadyClockMs) {
    this.#elapsedMs = elapsedMs;
  }

  after(ms: number, act: () => void): AwakeTimer {
    if (this.#pending.size === 0) this.#beginLooking();
    const dueAtMs = this.#awakeMs() + ms;
    let timeout: NodeJS.Timeout | undefined;
    let last: NodeJS.Immediate | undefined;
    const timer: AwakeTimer = {
      clear: () => {
        clearTimeout(timeout);
        clearImmediate(last);
        this.#drop(timer);
      },
    };
    const judge = () => {
      if (this.#restMs(dueAtMs) > 0) {
        wait();
        return;
      }
      this.#drop(timer);
      act();
    };
    // The loop reads from sockets between a timer and what is immediate.
    const wait = () => {
      const restMs = Math.min(this.#restMs(dueAtMs), longestWaitMs);
      timeout = setTimeout(() => (last = setImmediate(judge)), restMs);
    };
    this.#pending.add(timer);
    wait();
    return timer;
  }

  #restMs(dueAt: number): number {
    const awake = this.#awakeMs();
    return Math.max(0, dueAt - awake, this.#restUntil - this.#elapsedMs());
  }

  #awakeMs(): number {
    const now = this.#elapsedMs();
    const passed = now - this.#lookedAt;
    if (passed > stallMs) {
      this.#stalledMs += passed;
      this.#lookedAt = now;
      this.#restUntil = now + readingMs;
    }
    return now - this.#stalledMs;
  }

  #beginLooking(): void {
    this.#lookedAt = this.#elapsedMs();
    this.#ticker = setInterval(() => {
      this.#awakeMs();
      this.#lookedAt = this.#elapsedMs();
    }, lookEveryMs);
    this.#ticker.unref();
  }

  #drop(timer: AwakeTimer): void {
    if (this.#pending.delete(timer) && this.#pending.size === 0) clearInterval(this.#ticker);
  }
}

const timers = new AwakeTimers();

/** Acts after `ms` milliseconds in which this process ran. */
export function whenAwakeFor(ms: number, act: () => void): AwakeTimer {
  return timers.after(ms, act);
}
