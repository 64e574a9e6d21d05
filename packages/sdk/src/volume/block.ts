import { hash } from "node:crypto";

/** Volume files travel in pieces of this size; the last one is shorter. */
export const blockBytes = 8 * 1024 * 1024;

const zeros = Buffer.alloc(64 * 1024);

/** What is sent of a block: zero bytes at its end are left out, and the server puts them back. */
export function withoutTrailingZeros(block: Uint8Array): Uint8Array {
  let end = block.length;
  while (end >= zeros.length && zeros.equals(block.subarray(end - zeros.length, end))) end -= zeros.length;
  while (end > 0 && block[end - 1] === 0) end -= 1;
  return block.subarray(0, end);
}

/** The name of a block's content: SHA-256, in hexadecimal, of what is sent of it. */
export function blockDigest(block: Uint8Array): string {
  return hash("sha256", withoutTrailingZeros(block), "hex");
}

/** Lists where the blocks of a file of `size` bytes begin, and how long they are. */
export function* blockRanges(size: number): Generator<{ start: number; length: number }> {
  for (let start = 0; start < size; start += blockBytes) {
    yield { start, length: Math.min(blockBytes, size - start) };
  }
}
