import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";
import { fail, lastErrno, libc } from "./libc.ts";
import { descriptorPath } from "./open-directory.ts";
import { copyFile, open, unlink } from "./tree-calls.ts";

const SEEK_DATA = 3;
const SEEK_HOLE = 4;
const copyBytes = 1024 * 1024;

/**
 * Makes the file `target`, which must not exist, a copy of an open regular file: one that shares its place on disk where
 * the file system can do that, and else one with the same holes. What a file lacks costs no time. On failure there is no
 * target.
 */
export async function copyContent(source: FileHandle, target: string | Buffer): Promise<void> {
  const flags = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE;
  try {
    await copyFile(descriptorPath(source.fd), target, flags);
    return;
  } catch (error) {
    const cannotShare = ["ENOTSUP", "EOPNOTSUPP", "EXDEV", "EINVAL", "ENOSYS", "ENOTTY", "EPERM"];
    if (!cannotShare.includes(errnoOf(error) ?? "")) throw error;
  }
  try {
    await using output = await open(target, "wx", 0o600);
    await copyData(source, output);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") await unlink(target).catch(() => undefined);
    throw error;
  }
}

async function copyData(source: FileHandle, target: FileHandle): Promise<void> {
  const buffer = Buffer.allocUnsafe(copyBytes);
  for await (const { start, end } of dataIn(source)) {
    for (let position = start; position < end;) {
      const wanted = Math.min(buffer.length, end - position);
      const { bytesRead } = await source.read(buffer, 0, wanted, position);
      if (bytesRead === 0) break;
      for (let written = 0; written < bytesRead;) {
        written += (await target.write(buffer, written, bytesRead - written, position + written))
          .bytesWritten;
      }
      position += bytesRead;
    }
  }
  await target.truncate((await source.stat()).size);
}

/** The parts of a file that are no holes, one after the other. */
async function* dataIn(file: FileHandle): AsyncGenerator<{ start: number; end: number }> {
  for (let position = 0; ;) {
    const start = seek(file, position, SEEK_DATA);
    if (start === undefined) return;
    const end = seek(file, start, SEEK_HOLE);
    if (end === undefined) return;
    yield { start, end };
    position = end;
  }
}

/** Undefined: the file ends before. */
function seek(file: FileHandle, position: number, whence: number): number | undefined {
  const found = Number(libc.lseek(file.fd, position, whence));
  if (found >= 0) return found;
  const errno = lastErrno();
  return errno === "ENXIO" ? undefined : fail("find the data of a file", errno);
}
