import type { Space } from "./free-space.ts";

/**
 * Part of a disk that is kept for what has been accepted already: results, ends of containers, last commits. Half of
 * what containers leave, so that those are stopped first.
 */
const reservePart = 0.025;
/** Enough for the results of a thousand inputs and the commits of a few containers. */
const leastReserveBytes = 32 * 2 ** 20;
/** More than what is under way at any moment takes, however large the disk. */
const mostReserveBytes = 2 * 2 ** 30;
/** A reserve that is most of a small disk would leave nothing to use. */
const mostReservePart = 0.1;
/** A layer takes a handful of files of its own; the containers under way make some thousands. */
const reserveFilesPart = 0.01;
const mostReserveFiles = 10_000;

/** So much more than the reserve has to be free again before new work is taken: otherwise it would flutter. */
const enoughFactor = 1.25;

/** What is kept free of a disk of this size. `bytes`: as the operator wants it. */
export function reserveOf(size: Space, bytes?: number): Space {
  const usual = Math.min(Math.max(size.bytes * reservePart, leastReserveBytes), mostReserveBytes);
  return {
    bytes: bytes ?? Math.min(usual, size.bytes * mostReservePart),
    files: Number.isFinite(size.files) ? Math.min(size.files * reserveFilesPart, mostReserveFiles) : 0,
  };
}

export type SpaceUnit = keyof Space;

/** What of the reserve is touched, if anything: once it was, it has to be made up for and a little more. */
export function lackOf(
  disk: { free: Space; reserve: Space },
  options: { wasShort: boolean; wantedBytes?: number },
): SpaceUnit | undefined {
  const { free, reserve } = disk;
  const factor = options.wasShort ? enoughFactor : 1;
  if (free.bytes - (options.wantedBytes ?? 0) < reserve.bytes * factor) return "bytes";
  return free.files < reserve.files * factor ? "files" : undefined;
}
