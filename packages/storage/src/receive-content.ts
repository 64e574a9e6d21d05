import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";

/** So much is written at once: each write is a trip to a thread and back. */
const writeBytes = 1024 * 1024;
/** A peer that sends its bytes one by one must not fill the memory with what each of them is wrapped in. */
const writeChunks = 64;

export type Content = AsyncIterable<Uint8Array> | Uint8Array;

/**
 * Passes content on to `write`, in larger pieces than it comes in.
 *
 * @returns its size, and its SHA-256 as hexadecimal digits
 */
export async function receiveContent(
  source: Content,
  write: (chunks: Uint8Array[], position: number) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<{ sha: string; size: number }> {
  const hash = createHash("sha256");
  let position = 0;
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  const flush = async () => {
    signal?.throwIfAborted();
    if (bytes > 0) await write(chunks, position);
    position += bytes;
    chunks = [];
    bytes = 0;
  };
  for await (const chunk of source instanceof Uint8Array ? [source] : source) {
    signal?.throwIfAborted();
    hash.update(chunk);
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= writeBytes || chunks.length === writeChunks) await flush();
  }
  await flush();
  return { sha: hash.digest("hex"), size: position };
}

/** Writes chunks one behind the other, from `position` on. */
export async function writeChunksAt(file: FileHandle, chunks: Uint8Array[], position: number): Promise<void> {
  let { bytesWritten: skip } = await file.writev(chunks, position);
  let start = position;
  // The kernel may have taken a part of them only.
  for (const chunk of chunks) {
    const done = Math.min(skip, chunk.length);
    skip -= done;
    for (let written = done; written < chunk.length;)
      written += (await file.write(chunk, written, chunk.length - written, start + written)).bytesWritten;
    start += chunk.length;
  }
}
