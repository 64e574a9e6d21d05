import { statfsSync } from "node:fs";

/** Bytes and files (inodes). Infinite files where a file system does not count them. */
export interface Space {
  bytes: number;
  files: number;
}

/** What the file system of `path` has, and has left for whoever is not root. One system call, of some microseconds. */
export function spaceAt(path: string): { free: Space; size: Space } {
  const { bavail, blocks, bsize, ffree, files } = statfsSync(path);
  // A file system without an inode table says 0 of 0.
  const counts = files > 0;
  return {
    free: { bytes: bavail * bsize, files: counts ? ffree : Number.POSITIVE_INFINITY },
    size: { bytes: blocks * bsize, files: counts ? files : Number.POSITIVE_INFINITY },
  };
}

/** What the cores of a large machine write to its page cache, and how many files they make, in a millisecond. */
const fastestPerMs: Space = { bytes: 8 * 1024 * 1024, files: 500 };

/** Milliseconds in which the fastest writers get from what is free to what is to remain; negative when less is free. */
export function soonestMs(free: Space, floor: Space): number {
  return Math.min(
    (free.bytes - floor.bytes) / fastestPerMs.bytes,
    (free.files - floor.files) / fastestPerMs.files,
  );
}
