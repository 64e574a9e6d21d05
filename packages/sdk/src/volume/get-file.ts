import { randomUUID } from "node:crypto";
import { link, lstat, open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { blockBytes, withoutTrailingZeros } from "./block.ts";
import { concurrently } from "@dorian/base/concurrently";
import { localFileExists, withLocalFile } from "../local/local-file-error.ts";
import { requireRemoteFile, type RemoteFile } from "./read-content.ts";
import { receiveBytes } from "./transfer.ts";
import { TransferCounter } from "./transfer-progress.ts";
import type { TransferSettings, VolumeWire } from "./volume-wire.ts";

const piecesAtOnce = 8;

/**
 * Downloads a file of a volume to a path of this machine, or into a directory there. What is at that path changes only
 * once all of the file has arrived.
 *
 * @throws AppError VOLUME_PATH_NOT_FOUND, LOCAL_FILE_EXISTS, LOCAL_FILE_MISSING, LOCAL_DISK_FULL, TRANSFER_FAILED
 */
export async function getFile(
  wire: VolumeWire,
  remotePath: string,
  localPath: string,
  { overwrite = false, onProgress, signal }: TransferSettings,
): Promise<{ files: number; bytes: number }> {
  const target = (await isDirectory(localPath)) ? join(localPath, basename(remotePath)) : localPath;
  await checkTarget(target, overwrite);
  const file = await requireRemoteFile(wire, remotePath, signal);
  const counter = new TransferCounter("receiving", [file], onProgress);
  const arriving = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomUUID().slice(0, 8)}`);
  await withLocalFile(target, "written", async () => {
    try {
      await receiveFile(file, arriving, { signal, onReceived: (bytes) => counter.add(file.path, bytes) });
      if (overwrite) await rename(arriving, target);
      else await placeNew(arriving, target);
    } finally {
      await rm(arriving, { force: true });
    }
  });
  counter.report(file.path);
  return { files: 1, bytes: file.size };
}

/** Fetches a file into a new one of this machine. */
export async function receiveFile(
  file: RemoteFile,
  localPath: string,
  options: { signal: AbortSignal | undefined; onReceived: (bytes: number) => void },
): Promise<void> {
  await using handle = await open(localPath, "wx");
  const { signal } = options;
  /** Memory that is new for each piece costs as much as the rest. */
  const rooms: Uint8Array[] = [];
  await concurrently(file.pieces, { limit: piecesAtOnce, signal }, async ({ url, start, length }, signal) => {
    const room = rooms.pop() ?? Buffer.allocUnsafeSlow(blockBytes);
    const bytes = await receiveBytes(url, length, { file: file.path, signal, room });
    // Zeros at its end, maybe all of it, become a hole: what the file lacks takes no place here either.
    await writeAt(handle, withoutTrailingZeros(bytes), start);
    rooms.push(room);
    options.onReceived(length);
  });
  await handle.truncate(file.size);
}

/** Refuses a place where a file may not come. */
export async function checkTarget(localPath: string, overwrite: boolean): Promise<void> {
  const found = await withLocalFile(localPath, "written", async () => {
    try {
      return await lstat(localPath);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  });
  if (found?.isDirectory()) {
    throw new AppError("LOCAL_FILE_INVALID", `${JSON.stringify(localPath)} is a directory, not a file.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Choose another path, or move the directory away.",
    });
  }
  if (found && !overwrite) throw localFileExists(localPath);
}

async function isDirectory(path: string): Promise<boolean> {
  return await withLocalFile(path, "written", async () => {
    try {
      return (await stat(path)).isDirectory();
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  });
}

async function placeNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") throw localFileExists(to);
    throw error;
  }
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, start + written);
    written += bytesWritten;
  }
}
