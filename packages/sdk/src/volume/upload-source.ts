import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { blockBytes } from "./file-block.ts";

/** A file to be put into a volume. */
export interface UploadFile {
  /** Where it goes, from the root of the volume. */
  path: string;
  sizeBytes: number;
  mode: number;
  /** For messages: where it comes from. */
  source: string;
  /** The block of that index; shorter than asked for if the file has become shorter. */
  readBlock(index: number): Promise<Uint8Array>;
}

/** Content in memory as a file to be put. */
export function uploadBytes(path: string, content: Uint8Array, mode = 0o644): UploadFile {
  return {
    path,
    sizeBytes: content.length,
    mode,
    source: path,
    readBlock: async (index) => content.subarray(index * blockBytes, (index + 1) * blockBytes),
  };
}

/**
 * A local file, or all files below a local directory, as files to be put. A file goes to `remotePath`, or into it when it ends
 * with a slash; the content of a directory goes below `remotePath`. Links are followed.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE
 */
export async function uploadFilesOf(localPath: string, remotePath: string): Promise<UploadFile[]> {
  const found = await statOf(localPath);
  if (found.isDirectory()) return await filesBelow(localPath, remotePath, []);
  const path =
    remotePath.endsWith("/") || remotePath === "" ? posix.join(remotePath, basename(localPath)) : remotePath;
  return [localFile(localPath, path, found)];
}

type Stats = Awaited<ReturnType<typeof stat>>;

async function filesBelow(directory: string, remotePath: string, above: Stats[]): Promise<UploadFile[]> {
  const own = await statOf(directory);
  if (above.some((other) => other.ino === own.ino && other.dev === own.dev)) {
    throw new AppError("LOCAL_LINK_CYCLE", `"${directory}" is a link to a directory that it lies in.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Remove the link, or put the directories one by one.",
    });
  }
  const names = await readdir(directory).catch((error: unknown) => {
    throw localFileError(directory, error);
  });
  const files: UploadFile[] = [];
  for (const name of names.toSorted()) {
    const [local, remote] = [join(directory, name), posix.join(remotePath, name)];
    const found = await statOf(local);
    if (found.isDirectory()) files.push(...(await filesBelow(local, remote, [...above, own])));
    else if (found.isFile()) files.push(localFile(local, remote, found));
  }
  return files;
}

function localFile(localPath: string, path: string, stats: Stats): UploadFile {
  return {
    path,
    sizeBytes: Number(stats.size),
    mode: Number(stats.mode) & 0o777,
    source: localPath,
    async readBlock(index) {
      try {
        await using file = await open(localPath);
        const buffer = Buffer.allocUnsafe(Math.min(blockBytes, Number(stats.size) - index * blockBytes));
        let filled = 0;
        while (filled < buffer.length) {
          const { bytesRead } = await file.read(
            buffer,
            filled,
            buffer.length - filled,
            index * blockBytes + filled,
          );
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return buffer.subarray(0, filled);
      } catch (error) {
        throw localFileError(localPath, error);
      }
    },
  };
}

async function statOf(path: string): Promise<Stats> {
  return await stat(path).catch((error: unknown) => {
    throw localFileError(path, error);
  });
}

function localFileError(path: string, error: unknown): AppError {
  if (errnoOf(error) === "ENOENT") {
    return new AppError("LOCAL_FILE_MISSING", `"${path}" does not exist, or vanished while it was read.`, {
      status: "NOT_FOUND",
      remedy: "Check the path, and that nothing removes the file meanwhile.",
      cause: error,
    });
  }
  return new AppError("LOCAL_FILE_UNREADABLE", `"${path}" cannot be read: ${messageOf(error)}.`, {
    remedy: "Check its permissions.",
    cause: error,
  });
}
