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
