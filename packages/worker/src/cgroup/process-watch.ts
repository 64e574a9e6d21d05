import type { AppError } from "@dorian/base/app-error";
import type { Logger } from "pino";
import type { ProcessCount } from "./process-count.ts";
import { atOwnLimit, holdsMost, type Pressure, pressureAfter } from "./process-verdict.ts";

/** A container or a build, whose processes are counted and which can be ended. */
export interface WatchedGroup {
  id: string;
  /** Undefined while there is nothing to count. */
  count: () => Promise<ProcessCount | undefined>;
  end: (reason: AppError) => void;
}

export interface ProcessWatchOptions {
  /** Processes of all that is watched together. */
  countAll: () => Promise<ProcessCount | undefined>;
  /** Fewer than this are nobody's limit. */
  leastLimit: number;
  /** Milliseconds between looks. Default: 500. */
  everyMs?: number;
  logger: Logger;
}

/** While all together have fewer than this part of what one may have, nobody is at a limit. */
const busyPart = 0.5;
const usualPauseMs = 500;

/**
 * Ends what stays at its limit of processes. Thousands that the kernel refuses a child, over and over, cost everybody else
 * the processor. While there are few, one file is read for all.
 */
export class ProcessWatch implements Disposable {
  #options: ProcessWatchOptions;
  #groups = new Map<string, WatchedGroup>();
  #pressures = new Map<string, Pressure>();
  #together: Pressure | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ProcessWatchOptions) {
    this.#options = options;
  }

  /** Watches a group until the result is disposed of. */
  watch(group: WatchedGroup): Disposable {
    this.#groups.set(group.id, group);
    this.#schedule();
    return { [Symbol.dispose]: () => this.#forget(group.id) };
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #forget(id: string): void {
    this.#groups.delete(id);
    this.#pressures.delete(id);
  }

  #schedule(): void {
    if (this.#closed || this.#timer || this.#groups.size === 0) return;
    const { everyMs = usualPauseMs, logger } = this.#options;
    this.#timer = setTimeout(() => {
      this.#look()
        .catch((error: unknown) => logger.warn({ err: error }, "processes could not be counted"))
        .finally(() => {
          this.#timer = undefined;
          this.#schedule();
        });
    }, everyMs);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const all = await this.#options.countAll();
    if (all && all.now < this.#options.leastLimit * busyPart) {
      this.#pressures.clear();
      this.#together = undefined;
      return;
    }
    const counts = new Map<string, ProcessCount>();
    for (const { id, count } of this.#groups.values()) {
      const counted = await count();
      if (counted) counts.set(id, counted);
    }
    for (const [id, count] of counts) {
      const pressure = pressureAfter(this.#pressures.get(id), count);
      this.#pressures.set(id, pressure);
      if (pressure.isStuck) this.#end(id, atOwnLimit(count));
    }
    const refused = [...counts.values()].reduce((sum, count) => sum + count.refused, 0);
    this.#together = all && pressureAfter(this.#together, { ...all, refused });
    const [largest] = [...counts].toSorted(([, a], [, b]) => b.now - a.now);
    if (all && largest && this.#together?.isStuck) this.#end(largest[0], holdsMost(largest[1], all));
  }

  #end(id: string, reason: AppError): void {
    const group = this.#groups.get(id);
    this.#forget(id);
    group?.end(reason);
  }
}
