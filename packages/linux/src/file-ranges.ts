import type { FileHandle } from "node:fs/promises";
import { check, inThread, libc } from "./libc.ts";

const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;
const copyBytes = 1024 * 1024;

export interface RangeCopy {
  /** Where it begins in the source. */
  from: number;
  /** Where it begins in the target. */
  to: number;
  length: number;
}

/**
 * Copies a part of one open file into another, or to another place of itself: in the kernel, which shares what is on disk
 * where the file system can do that. A source that ends before is copied as far as it goes.
 */
export async function copyRange(source: FileHandle, target: FileHandle, range: RangeCopy): Promise<void> {
  const { from, to, length } = range;
  for (let done = 0; done < length;) {
    const [at, into] = [new BigInt64Array([BigInt(from + done)]), new BigInt64Array([BigInt(to + done)])];
    const copied = await inThread(libc.copyFileRange, source.fd, at, target.fd, into, length - done, 0);
    if (copied === 0) return;
    if (copied < 0) {
      // What the kernel cannot copy between these file systems can be read and written; what fails at that says why.
      const rest = { from: from + done, to: to + done, length: length - done };
      return await copyByHand(source, target, rest);
    }
    done += copied;
  }
}

/** Makes a part of an open file zeros, which take no place on disk. The file's size stays. */
export async function clearRange(file: FileHandle, start: number, end: number): Promise<void> {
  if (end <= start) return;
  const args = [file.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, end - start];
  if ((await inThread(libc.fallocate, ...args)) === 0) return;
  check(libc.fallocate(...args), "making a hole in a file");
}

async function copyByHand(source: FileHandle, target: FileHandle, range: RangeCopy): Promise<void> {
  const { from, to, length } = range;
  const buffer = Buffer.allocUnsafe(Math.min(copyBytes, length));
  for (let done = 0; done < length;) {
    const wanted = Math.min(buffer.length, length - done);
    const { bytesRead } = await source.read(buffer, 0, wanted, from + done);
    if (bytesRead === 0) return;
    for (let written = 0; written < bytesRead;) {
      const step = await target.write(buffer, written, bytesRead - written, to + done + written);
      written += step.bytesWritten;
    }
    done += bytesRead;
  }
}
