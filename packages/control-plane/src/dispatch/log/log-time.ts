import type { Timestamp } from "@bufbuild/protobuf/wkt";

/** A stretch of time, in milliseconds since 1970. */
export interface TimeRange {
  since: number | undefined;
  /** The end, which does not belong to it. */
  until: number | undefined;
}

export function rangeOf(request: {
  since?: Timestamp | undefined;
  until?: Timestamp | undefined;
}): TimeRange {
  const { since, until } = request;
  return { since: since && millisecondsOf(since), until: until && millisecondsOf(until) };
}

export function isWithin(at: number, { since = 0, until = Infinity }: TimeRange): boolean {
  return at >= since && at < until;
}

export function millisecondsOf(time: Timestamp): number {
  return Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1_000_000);
}

/** A moment in milliseconds, to the start of its bucket in seconds. */
export function bucketStart(at: number, bucketSecs: number): number {
  return Math.floor(at / (bucketSecs * 1_000)) * bucketSecs;
}
