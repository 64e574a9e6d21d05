import { AppError } from "@dorian/base/app-error";
import { Stopwatch } from "@dorian/base/stopwatch";
import { lackOf, reserveOf, type SpaceUnit } from "./disk-reserve.ts";
import { soonestMs, type Space, spaceAt } from "./free-space.ts";

/**
 * How often the disk is looked at when nobody asks: as soon as anybody could have filled it, and when it is short or could be
 * at any moment.
 */
const leastPauseMs = 1_000;
/** A disk that is far from full is looked at so often all the same: it may have been made smaller. */
const mostPauseMs = 10_000;
/** Within so many milliseconds no process fills a reserve: who asks again gets the same answer, if that was yes. */
const freshMs = 20;

/** What a disk has left, and whether that is enough to take on more. */
export interface DiskRoom {
  directory: string;
  free: Space;
  reserve: Space;
  /** What there is too little of. */
  lack: SpaceUnit | undefined;
}

export interface RoomWatchOptions {
  directory: string;
  /** Default: a part of the disk. */
  reserveBytes?: number | undefined;
  /** Told when room runs short and when there is enough again, not of how it is at first. */
  onChange?: (room: DiskRoom) => void;
  /** Default: asks the file system. */
  look?: typeof spaceAt;
}

/** Room that is kept for what somebody is about to write. */
export interface HeldRoom extends Disposable {
  /** So many bytes of it are written: the disk shows them by now. */
  shrink(bytes: number): void;
}

/** Whether a directory's file system has room for new work beside what is kept for the work that was accepted. */
export class RoomWatch implements Disposable {
  #options: RoomWatchOptions;
  #room: DiskRoom;
  #sinceLooked = new Stopwatch();
  /** Bytes that are about to be written. */
  #held = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RoomWatchOptions) {
    this.#options = options;
    this.#room = this.#look(undefined);
    this.#schedule();
  }

  get room(): DiskRoom {
    this.#refresh(this.#room.lack ? 0 : freshMs);
    return this.#room;
  }

  get isShort(): boolean {
    return this.room.lack !== undefined;
  }

  /**
   * For what is about to keep so many bytes.
   *
   * @throws AppError STORAGE_FULL when that would touch the reserve
   */
  require(bytes = 0): void {
    const { room } = this;
    const lack = room.lack ?? lackOf(room, { wasShort: false, wantedBytes: this.#held + bytes });
    if (lack) throw noRoom({ ...room, lack });
  }

  /**
   * As {@link require}, and others find so many bytes less until the result is disposed of: many that each fit need not
   * fit together.
   */
  hold(bytes: number): HeldRoom {
    this.require(bytes);
    this.#held += bytes;
    let left = bytes;
    const shrink = (by: number) => {
      const less = Math.min(by, left);
      left -= less;
      this.#held -= less;
    };
    return { shrink, [Symbol.dispose]: () => shrink(left) };
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    const { free, reserve } = this.#room;
    const pauseMs = Math.min(Math.max(soonestMs(free, reserve), leastPauseMs), mostPauseMs);
    this.#timer = setTimeout(() => {
      this.#refresh(0);
      this.#schedule();
    }, pauseMs).unref();
  }

  #refresh(maxAgeMs: number): void {
    if (this.#sinceLooked.ms < maxAgeMs) return;
    const before = this.#room.lack;
    this.#sinceLooked.restart();
    try {
      this.#room = this.#look(before);
    } catch {
      // Whoever writes to a directory that cannot even be asked learns why it cannot.
      return;
    }
    if ((before === undefined) !== (this.#room.lack === undefined)) this.#options.onChange?.(this.#room);
  }

  #look(before: SpaceUnit | undefined): DiskRoom {
    const { directory, reserveBytes, look = spaceAt } = this.#options;
    const { free, size } = look(directory);
    const reserve = reserveOf(size, reserveBytes);
    return { directory, free, reserve, lack: lackOf({ free, reserve }, { wasShort: before !== undefined }) };
  }
}

/** What to do about a disk without room. Callers hear it as well, and where the server keeps its data is not for them. */
const roomAdvice =
  "Free space on the file system of the data directory, for example with `dorian volume delete` or `dorian app stop`, or lower --reserve-disk.";

/** "31 MiB are free, and 64 MiB are kept for work that has been accepted" */
export function describeRoom({ free, reserve, lack }: DiskRoom): string {
  const [left, kept] =
    lack === "files"
      ? [`${free.files} files (inodes)`, `${Math.ceil(reserve.files)} files`]
      : [`${mebibytes(free.bytes)} MiB`, `${mebibytes(reserve.bytes)} MiB`];
  return `${left} are free, and ${kept} are kept for work that has been accepted`;
}

/** What to log when room runs short, and when there is some again. */
export function roomNotice(room: DiskRoom): string {
  return room.lack
    ? `The disk of ${room.directory} is nearly full: ${describeRoom(room)}. Nothing new is taken until there is more. ${roomAdvice}`
    : `The disk has room again: ${mebibytes(room.free.bytes)} MiB are free at ${room.directory}.`;
}

function noRoom(room: DiskRoom): AppError {
  return new AppError("STORAGE_FULL", `The disk is nearly full: ${describeRoom(room)}.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy: `${roomAdvice} Nothing was changed; then try again.`,
  });
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 2 ** 20);
}
