import { Stopwatch } from "@dorian/base/stopwatch";
/** A container may say so much at once: the whole of a long traceback, a table, a progress bar's hour. */
const burstBytes = 16 * 1024 * 1024;
/** And so much in a second for as long as it likes: a day of it is what a log holds, not what a disk does. */
const bytesPerSecond = 1024 * 1024;

/** What of a container's output is kept: all of it, unless it writes without end. */
export class LogAllowance {
  #left = burstBytes;
  #sinceFilled: Stopwatch;
  #dropped = 0;
  #isOver = false;

  /** `elapsedMs`: a clock that nobody sets. */
  constructor(elapsedMs?: () => number) {
    this.#sinceFilled = new Stopwatch(elapsedMs);
  }

  /** Whether so much more is kept. After a drop nothing is, until a good part of the burst has come back. */
  takes(bytes: number): boolean {
    this.#left = Math.min(burstBytes, this.#left + (this.#sinceFilled.ms / 1000) * bytesPerSecond);
    this.#sinceFilled.restart();
    // Otherwise a flood would be told as one drop after another.
    const needed = this.#isOver ? Math.max(bytes, burstBytes / 16) : bytes;
    if (this.#left < needed) {
      this.#isOver = true;
      this.#dropped += bytes;
      return false;
    }
    this.#isOver = false;
    this.#left -= bytes;
    return true;
  }

  /** What to say of the bytes that were dropped since the last time; undefined when none were. */
  told(): string | undefined {
    if (this.#dropped === 0) return undefined;
    const text = `${this.#dropped} bytes of output were dropped here: the container wrote faster than ${bytesPerSecond / 2 ** 20} MiB/s. Write less, or write it to a volume.`;
    this.#dropped = 0;
    return text;
  }
}
