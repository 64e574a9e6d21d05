import { isAbsence } from "@dorian/base/unless-absent";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";

/**
 * Does `work`, which writes at or below `path`, and says so plainly when the disk has no room for it. Callers hear it, so
 * it does not name the path: the cause does, for the log.
 *
 * @throws AppError STORAGE_FULL when the file system is out of space, inodes or quota; other errors pass.
 */
export async function storing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isFull(error) ? await storageFull(path, error) : error;
  }
}

function isFull(error: unknown): boolean {
  const errno = AppError.is(error) && "errno" in error ? error.errno : errnoOf(error);
  return errno === "ENOSPC" || errno === "EDQUOT";
}

/** With so much left no write of ours finds a disk full. */
const plentyBytes = 2 ** 30;
/** With less temporary files may not have fitted. */
const scarceBytes = 16 * 2 ** 20;

async function storageFull(path: string, cause: unknown): Promise<AppError> {
  const { free, freeFiles } = await freeSpace(path);
  if (free > plentyBytes && freeFiles > 0) {
    const temporary = await freeSpace(tmpdir());
    if (temporary.free < scarceBytes || temporary.freeFiles === 0) return temporaryFull(cause);
  }
  const lack =
    freeFiles === 0
      ? "it has no room for another file (inodes)"
      : `${Math.floor(free / 2 ** 20)} MiB are free`;
  return new AppError("STORAGE_FULL", `The disk is full: ${lack}.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy:
      "Free space on the file system of the data directory, or move it to a larger one. Nothing was changed; then try again.",
    cause,
  });
}

function temporaryFull(cause: unknown): AppError {
  return new AppError(
    "STORAGE_FULL",
    "The disk of the directory for temporary files is full; that of the data directory is not.",
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Free space in /tmp, or set TMPDIR to a directory with room where Dorian is started.",
      cause,
    },
  );
}

/** Space at the nearest directory that exists: the path itself may not have come to be. */
async function freeSpace(path: string): Promise<{ free: number; freeFiles: number }> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(path);
    // A file system without an inode table says 0 of 0.
    return { free: bavail * bsize, freeFiles: files === 0 ? Number.POSITIVE_INFINITY : ffree };
  } catch (error) {
    if (!isAbsence(error)) throw error;
    return await freeSpace(dirname(path));
  }
}
