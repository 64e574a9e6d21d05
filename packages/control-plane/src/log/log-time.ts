import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** Log entries are numbered by the clock, in microseconds: this is the number of a moment. */
export function entryAt(time: Timestamp): number {
  return Number(time.seconds) * 1_000_000 + Math.floor(time.nanos / 1000);
}

/** The moment of an entry, to the start of its bucket. */
export function bucketStart(entry: number, bucketSecs: number): number {
  return Math.floor(entry / (bucketSecs * 1_000_000)) * bucketSecs;
}
