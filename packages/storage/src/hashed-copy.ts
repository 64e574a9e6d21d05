import { type FileHandle, open } from "node:fs/promises";
import { concurrently } from "@dorian/base/concurrently";
import type { FileDigests } from "@dorian/base/file-digests";
import { clearRange, copyRange } from "@dorian/linux/file-ranges";
import type { BlockReference } from "./file-content.ts";

/** So many blocks are copied, hashed or flushed at once: processors and disk each have something to do. */
const blocksAtOnce = 4;
/** One of so many blocks flushes what there is: the disk writes while the rest is copied. */
const blocksPerFlush = 8;

export interface HashedCopyOptions {
  size: number;
  blockBytes: number;
  digests: FileDigests;
  /** Told of the bytes of each block. */
  onCopied: (bytes: number) => void;
  signal: AbortSignal;
}

/**
 * Makes `target`, which must not exist, a copy of an open file, and takes the digests of its blocks as they lie there: whatever
 * happens to the source meanwhile, they are those of the copy. It is on disk when this returns.
 */
export async function hashedCopy(
  source: FileHandle,
  target: string,
  options: HashedCopyOptions,
): Promise<BlockReference[]> {
  const { size, blockBytes, digests, onCopied, signal } = options;
  await using copy = await open(target, "wx+", 0o600);
  const blocks: BlockReference[] = [];
  const indexes = Array.from({ length: Math.ceil(size / blockBytes) }, (_, index) => index);
  await concurrently(indexes, { limit: blocksAtOnce, signal }, async (index) => {
    const start = index * blockBytes;
    const end = Math.min(start + blockBytes, size);
    await copyRange(source, copy, { from: start, to: start, length: end - start });
    const range = { start, end, withoutTrailingZeros: true };
    const {
      digests: [sha = ""],
      bytes,
    } = await digests.of(copy, range, ["sha256"]);
    await clearRange(copy, start + bytes, end);
    blocks[index] = { sha, size: bytes };
    if (index % blocksPerFlush === blocksPerFlush - 1) await copy.datasync();
    onCopied(end - start);
  });
  await copy.truncate(size);
  await copy.datasync();
  return blocks;
}
