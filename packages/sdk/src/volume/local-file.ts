import type { BigIntStats } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { AppError } from "@dorian/base/app-error";
import { type FileDigests, threadBytes } from "@dorian/base/file-digests";
import { concurrently } from "@dorian/base/concurrently";
import { blockBytes, blockDigest, blockRanges, withoutTrailingZeros } from "./block.ts";
import { localFileChanged, withLocalFile } from "../local/local-file-error.ts";

/** Blocks of one file that are read and hashed at once: more than there are threads gain nothing. */
const blocksAtOnce = 4;

/** A file of this machine, and the place in a volume that it is for. */
export interface UploadSource {
  localPath: string;
  remotePath: string;
}

/** A file as it was when it was read. */
export interface UploadFile extends UploadSource {
  size: number;
  /** Permission bits. */
  mode: number;
  mtimeNs: bigint;
  /** Digests of its blocks. */
  blocks: string[];
}

export interface ReadOptions {
  digests: FileDigests;
  signal?: AbortSignal | undefined;
  /** Told of the bytes of each block. */
  onRead?: (bytes: number) => void;
}

/**
 * Opens a file that is to be uploaded.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_INVALID, LOCAL_FILE_UNREADABLE
 */
export async function openUploadFile(
  localPath: string,
): Promise<{ file: FileHandle; stats: BigIntStats } & AsyncDisposable> {
  return await withLocalFile(localPath, "read", async () => {
    // Opening a named pipe would wait for its writer.
    if (!(await stat(localPath)).isFile()) throw notAFile(localPath);
    const file = await open(localPath);
    const stats = await file.stat({ bigint: true });
    return { file, stats, [Symbol.asyncDispose]: () => file.close() };
  });
}

/**
 * Reads a file for the digests of its blocks.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_INVALID, LOCAL_FILE_UNREADABLE, LOCAL_FILE_CHANGED
 */
export async function readUploadFile(source: UploadSource, options: ReadOptions): Promise<UploadFile> {
  const { localPath } = source;
  await using opened = await openUploadFile(localPath);
  return await withLocalFile(localPath, "read", async () => {
    const { file } = opened;
    const { size: bytes, mtimeNs, mode } = opened.stats;
    const size = Number(bytes);
    const blocks: string[] = [];
    const { digests, signal } = options;
    await concurrently(blockRanges(size), { limit: blocksAtOnce, signal }, async ({ start, length }) => {
      const range = { start, end: start + length, withoutTrailingZeros: true };
      blocks[start / blockBytes] = await (length < threadBytes
        ? digestHere(file, localPath, range)
        : digests.sha256(file, range));
      options.onRead?.(length);
    });
    const upload = { ...source, size, mode: Number(mode & 0o777n), mtimeNs, blocks };
    if (await isChanged(file, upload)) throw localFileChanged(localPath);
    return upload;
  });
}

/**
 * What is to be sent of a file's block, read into `buffer`. While the file is as it was it is not hashed again: whoever receives
 * it does that.
 *
 * @throws AppError LOCAL_FILE_CHANGED when it is not what it was
 */
export async function readUploadBlock(
  upload: UploadFile,
  index: number,
  buffer: Uint8Array = Buffer.allocUnsafe(blockBytes),
): Promise<Uint8Array> {
  const { localPath } = upload;
  return await withLocalFile(localPath, "read", async () => {
    await using file = await open(localPath);
    const start = index * blockBytes;
    const block = buffer.subarray(0, upload.size - start);
    if (!(await fill(file, block, start))) throw localFileChanged(localPath);
    // Something may have been added at its end, for example.
    if ((await isChanged(file, upload)) && blockDigest(block) !== upload.blocks[index])
      throw localFileChanged(localPath);
    return withoutTrailingZeros(block);
  });
}

async function digestHere(
  file: FileHandle,
  localPath: string,
  { start, end }: { start: number; end: number },
): Promise<string> {
  const block = Buffer.allocUnsafe(end - start);
  if (!(await fill(file, block, start))) throw localFileChanged(localPath);
  return blockDigest(block);
}

/** Whether an open file is not what it was. */
export async function isChanged(
  file: FileHandle,
  { size, mtimeNs }: Pick<UploadFile, "size" | "mtimeNs">,
): Promise<boolean> {
  const now = await file.stat({ bigint: true });
  return Number(now.size) !== size || now.mtimeNs !== mtimeNs;
}

/** Fills the buffer; false when the file ends before. */
async function fill(file: FileHandle, buffer: Uint8Array, start: number): Promise<boolean> {
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) return false;
    filled += bytesRead;
  }
  return true;
}

function notAFile(path: string): AppError {
  return new AppError("LOCAL_FILE_INVALID", `${JSON.stringify(path)} is not a file.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Upload a directory as such; pipes, sockets and devices cannot be uploaded.",
  });
}
