import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { type DigestAlgorithm, threadBytes } from "@dorian/base/file-digests";

/** Bytes that are written at once: each write is a trip to a thread and back. */
const writeBytes = 1024 * 1024;
/** A source that has its bytes one by one must not fill the memory with what each of them is wrapped in. */
const writeChunks = 64;

/**
 * Bytes as they come: one piece after the other, or all that has come meanwhile in a batch. The memory of a batch may be
 * used again when the next one is asked for.
 */
export type Content = AsyncIterable<Uint8Array | readonly Uint8Array[]> | Uint8Array;

export type WriteChunks = (chunks: readonly Uint8Array[], position: number) => Promise<void>;

export interface Receiver {
  write: WriteChunks;
  algorithms: readonly DigestAlgorithm[];
  /**
   * Digests of so many bytes that were written, if there are more than a few. Without it they are taken of what comes, in this
   * thread.
   */
  digest?: ((size: number) => Promise<string[]>) | undefined;
}

/**
 * Passes content on to a receiver, in larger pieces than it comes in.
 *
 * @returns its size, and its digests as hexadecimal digits
 */
export async function receiveContent(
  source: Content,
  { write, algorithms, digest }: Receiver,
  signal: AbortSignal | undefined,
): Promise<{ digests: string[]; size: number }> {
  const hashes = algorithms.map((algorithm) => createHash(algorithm));
  const hashedBytes = digest ? threadBytes : Infinity;
  let received = 0;
  const hashAndWrite: WriteChunks = async (chunks, position) => {
    for (const chunk of chunks) {
      received += chunk.length;
      if (received <= hashedBytes) for (const hash of hashes) hash.update(chunk);
    }
    await write(chunks, position);
  };
  const size = await receiveBytes(source, hashAndWrite, signal);
  const isHashed = digest === undefined || size <= hashedBytes;
  return { digests: isHashed ? hashes.map((hash) => hash.digest("hex")) : await digest(size), size };
}

/** Does as {@link receiveContent}, without a digest. */
export async function receiveBytes(
  source: Content,
  write: WriteChunks,
  signal: AbortSignal | undefined,
): Promise<number> {
  let position = 0;
  for await (const batch of batchesOf(source)) {
    signal?.throwIfAborted();
    await write(batch, position);
    for (const chunk of batch) position += chunk.length;
  }
  signal?.throwIfAborted();
  return position;
}

async function* batchesOf(source: Content): AsyncGenerator<readonly Uint8Array[]> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of source instanceof Uint8Array ? [source] : source) {
    if (piece instanceof Uint8Array) {
      chunks.push(piece);
      bytes += piece.length;
      if (bytes < writeBytes && chunks.length < writeChunks) continue;
      yield chunks;
    } else {
      yield [...chunks, ...piece];
    }
    chunks = [];
    bytes = 0;
  }
  if (bytes > 0) yield chunks;
}

/** Writes chunks one behind the other, from `position` on. */
export async function writeChunksAt(
  file: FileHandle,
  chunks: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let { bytesWritten: skip } = await file.writev([...chunks], position);
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
