import { createHash } from "node:crypto";

/** Files are stored in blocks of this size; the last one may be shorter. */
export const blockBytes = 8 * 1024 * 1024;

export interface FileBlock {
  /** SHA-256 of `content`. */
  sha256: Buffer;
  /** The block without the zeros at its end, which are neither hashed nor sent. */
  content: Uint8Array;
}

/** A block in the form that it is stored and named by. */
export function fileBlock(bytes: Uint8Array): FileBlock {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  const content = bytes.subarray(0, end);
  return { sha256: createHash("sha256").update(content).digest(), content };
}
