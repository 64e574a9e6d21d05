import { spaceAt, type Space } from "@dorian/storage/free-space";
import type { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { Logger } from "pino";
import { diskFloor, diskUrgency, pauseBeforeLook } from "./disk-urgency.ts";
import { unlinkedUsageOf, usageOf } from "./disk-usage.ts";
import { type DiskUser, diskVerdicts } from "./disk-verdict.ts";

/** Something that writes to directories of its own, and can be ended. */
export interface WatchedTree {
  id: string;
  directories: () => readonly string[];
  /** Undefined for the worker's default. */
  limitBytes: number | undefined;
  /** Processes that may hold files which have no name any more. */
  pids: () => Promise<readonly number[]>;
  /** Stops all that writes to it until the result is disposed of. */
  freeze: () => Promise<AsyncDisposable>;
  end: (reason: AppError) => void;
}

/** Part of the smallest limit that has to be written before anybody's files are counted. */
const partOfLimit = 1 / 8;
/** Counting takes at most this part of the time. */
const countingPart = 0.1;
/** Part of what was free at the worker's start that one container may write. */
const partOfOne = 0.5;

export interface DiskWatchOptions {
  /** Everything that is watched lies on its file system. */
  directory: string;
  /** What one may hold that names no limit. Default: half of what is free now. */
  limitBytes?: number;
  logger: Logger;
}

/**
 * Ends what fills the disk. The file system is asked how much is left, which costs nothing; only when that has shrunk by
 * a good part of a limit, or runs short, the files of containers and builds are counted.
 */
export class DiskWatch implements Disposable {
  #options: DiskWatchOptions;
  #limit: Space;
  #floor: Space;
  #trees = new Map<string, WatchedTree>();
  #last: Space;
  /** Written since files were last counted, by whomever. */
  #written: Space = { bytes: 0, files: 0 };
  #rest = new Deadline(0);
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #hasFailed = false;

  private constructor(options: DiskWatchOptions, at: { free: Space; size: Space }) {
    this.#options = options;
    const { free, size } = at;
    this.#last = free;
    this.#floor = diskFloor(size);
    this.#limit = {
      bytes: options.limitBytes ?? Math.max(free.bytes - this.#floor.bytes, this.#floor.bytes) * partOfOne,
      files: free.files * partOfOne,
    };
  }

  static async open(options: DiskWatchOptions): Promise<DiskWatch> {
    return new DiskWatch(options, spaceAt(options.directory));
  }

  /** Watches a tree until the result is disposed of. */
  watch(tree: WatchedTree): Disposable {
    this.#trees.set(tree.id, tree);
    this.#schedule();
    return { [Symbol.dispose]: () => void this.#trees.delete(tree.id) };
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed || this.#timer || this.#trees.size === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#look()
          .then(
            () => (this.#hasFailed = false),
            (error: unknown) => {
              // Several times a second: once is enough.
              if (!this.#hasFailed)
                this.#options.logger.warn({ err: error }, "the disk could not be looked at");
              this.#hasFailed = true;
            },
          )
          .finally(() => {
            this.#timer = undefined;
            this.#schedule();
          });
      },
      pauseBeforeLook(this.#last, this.#floor),
    );
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const { free } = spaceAt(this.#options.directory);
    for (const unit of ["bytes", "files"] as const) {
      this.#written[unit] += Math.max(0, finite(this.#last[unit]) - finite(free[unit]));
    }
    this.#last = free;
    const urgency = diskUrgency(free, this.#written, this.#floor);
    const isResting = !this.#rest.isOver;
    if (urgency !== "critical" && (isResting || (urgency === "none" && !this.#mayExceed()))) return;
    const watch = new Stopwatch();
    this.#written = { bytes: 0, files: 0 };
    using _standstill = urgency === "critical" ? this.#standstill() : undefined;
    const users = await Promise.all([...this.#trees.values()].map((tree) => this.#count(tree)));
    for (const [id, reason] of diskVerdicts(users, free, this.#floor)) {
      const tree = this.#trees.get(id);
      this.#trees.delete(id);
      tree?.end(reason);
    }
    this.#rest = new Deadline(watch.ms / countingPart);
  }

  /** Nobody writes until the result is disposed of. Neither is waited for: a process deep in a write stops only after it. */
  #standstill(): Disposable {
    const freezing = [...this.#trees.values()].map((tree) => tree.freeze());
    return {
      [Symbol.dispose]: () => {
        for (const each of freezing) {
          each
            .then((frozen) => frozen[Symbol.asyncDispose]())
            // One that ends just now can be neither frozen nor thawed.
            .catch((error: unknown) => this.#options.logger.debug({ err: error }, "not frozen"));
        }
      },
    };
  }

  #mayExceed(): boolean {
    const limits = [...this.#trees.values()].map((tree) => tree.limitBytes ?? this.#limit.bytes);
    return (
      this.#written.bytes > Math.min(...limits) * partOfLimit ||
      this.#written.files > this.#limit.files * partOfLimit
    );
  }

  async #count(tree: WatchedTree): Promise<DiskUser> {
    const [named, unlinked] = await Promise.all([
      usageOf(tree.directories()),
      unlinkedUsageOf(await tree.pids().catch(() => [])),
    ]);
    return {
      id: tree.id,
      used: { bytes: named.bytes + unlinked.bytes, files: named.files + unlinked.files },
      limit: { bytes: tree.limitBytes ?? this.#limit.bytes, files: this.#limit.files },
    };
  }
}

function finite(count: number): number {
  return Number.isFinite(count) ? count : 0;
}
