import type { Timestamp } from "@bufbuild/protobuf/wkt";

export function millisecondsOf(time: Timestamp): number {
  return Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1_000_000);
}

/** A moment in milliseconds, to the start of its bucket in seconds. */
export function bucketStart(at: number, bucketSecs: number): number {
  return Math.floor(at / (bucketSecs * 1_000)) * bucketSecs;
}
