import { AppError } from "@dorian/base/app-error";

interface Timer {
  dueMs: number;
  run: () => void;
}

/**
 * The time of a run in this process: it passes as everywhere, and can be moved ahead. Time limits, delays between retries, schedules
 * and idle containers go by it; `Date` and timers of the app's own code do not.
 *
 * @example
 * await using run = await runInProcess(app);
 * await run.clock.advance(24 * 3_600_000); // a schedule that is due within a day has run
 */
export interface TestClock {
  /** The moment that it shows, in milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * Moves the time ahead by so many milliseconds. What becomes due on the way happens in its order, each at its moment, and before the
   * time moves on, and at the end, whatever runs in containers is waited for; but for what does not end or ask for anything in a
   * fifth of a second: that waits for the time, or for what is to come later.
   *
   * @throws AppError OPTION_INVALID for what is no number, or no end of them
   */
  advance(milliseconds: number): Promise<void>;
}

/** The clock of a run, with timers that go by it. */
export class MovableClock implements TestClock, Disposable {
  #elapsedMs: () => number;
  #settled: () => Promise<void>;
  #aheadMs: number;
  #timers = new Set<Timer>();
  #wake: NodeJS.Timeout | undefined;

  /** `settled` resolves when all that has begun is done, or waits. */
  constructor(options: { startMs: number; elapsedMs: () => number; settled: () => Promise<void> }) {
    this.#elapsedMs = options.elapsedMs;
    this.#settled = options.settled;
    this.#aheadMs = options.startMs - options.elapsedMs();
  }

  get nowMs(): number {
    return this.#elapsedMs() + this.#aheadMs;
  }

  async advance(milliseconds: number): Promise<void> {
    if (!Number.isFinite(milliseconds)) throw noStep(milliseconds);
    const targetMs = this.nowMs + Math.max(0, milliseconds);
    await this.#settled();
    for (let next = this.#next(); next && next.dueMs <= targetMs; next = this.#next()) {
      this.#moveTo(next.dueMs);
      this.#fire(next);
      await this.#settled();
    }
    this.#moveTo(targetMs);
    this.#arm();
  }

  /** Calls `run` once so many milliseconds have passed, unless what comes back is disposed of before. */
  after(delayMs: number, run: () => void): Disposable {
    const timer = { dueMs: this.nowMs + Math.max(0, delayMs), run };
    this.#timers.add(timer);
    this.#arm();
    return {
      [Symbol.dispose]: () => {
        if (this.#timers.delete(timer)) this.#arm();
      },
    };
  }

  [Symbol.dispose](): void {
    this.#timers.clear();
    clearTimeout(this.#wake);
  }

  #next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (!first || timer.dueMs < first.dueMs) first = timer;
    return first;
  }

  #moveTo(momentMs: number): void {
    this.#aheadMs += Math.max(0, momentMs - this.nowMs);
  }

  #fire(timer: Timer): void {
    if (this.#timers.delete(timer)) timer.run();
  }

  #arm(): void {
    clearTimeout(this.#wake);
    const next = this.#next();
    if (!next) return;
    // Longer than a timer takes: it looks again then.
    const restMs = Math.min(Math.max(0, next.dueMs - this.nowMs), 2 ** 31 - 1);
    this.#wake = setTimeout(() => {
      if (next.dueMs <= this.nowMs) this.#fire(next);
      this.#arm();
    }, restMs);
  }
}

function noStep(milliseconds: unknown): AppError {
  return new AppError(
    "OPTION_INVALID",
    `The clock cannot be moved by ${String(milliseconds)} milliseconds.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Give a finite number.",
    },
  );
}
