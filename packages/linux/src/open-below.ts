import { closeSync, constants, fstatSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { descriptorPath, type EntryName, OpenDirectory } from "./open-directory.ts";
import { placeBelow } from "./place-below.ts";

/** Not a terminal of ours, never waiting for somebody at the other end, not inherited by what is spawned. */
const readFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | 0o2000000;

/**
 * Opens a regular file of a tree that others wrote for reading; `path` is as somebody says it to whom `root` is "/".
 * Undefined when it is not there. Neither a FIFO, a socket nor a device is opened, so nothing waits.
 *
 * @throws AppError NOT_A_REGULAR_FILE, PATH_LINK_LOOP
 */
export async function openBelow(root: string | OpenDirectory, path: string): Promise<FileHandle | undefined> {
  if (typeof root === "string") {
    using opened = OpenDirectory.open(root);
    return await openBelow(opened, path);
  }
  using place = placeBelow(root, path, { follow: true });
  const [name, ...rest] = place.names;
  if (name === undefined) throw notRegular(path, "a directory");
  if (rest.length > 0) return undefined;
  return await openEntry(place.directory, name);
}

/** Opens as {@link openBelow} does an entry of a directory. A link is not followed: it is no regular file. */
export async function openEntry(directory: OpenDirectory, name: EntryName): Promise<FileHandle | undefined> {
  const descriptor = directory.tryPin(name);
  if (descriptor === undefined) return undefined;
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw notRegular(name.toString(), kindOf(stats));
    // The descriptor holds the file that was looked at: opening it again cannot reach another.
    return await open(descriptorPath(descriptor), readFlags);
  } finally {
    closeSync(descriptor);
  }
}

/** Opens as {@link openEntry} does; undefined for what is no regular file as well. */
export async function openIfRegular(
  directory: OpenDirectory,
  name: EntryName,
): Promise<FileHandle | undefined> {
  try {
    return await openEntry(directory, name);
  } catch (error) {
    if (AppError.is(error) && error.code === notRegularCode) return undefined;
    throw error;
  }
}

/** Opens as {@link openEntry} does, by a path of this machine on which no link may be: where one is by now, there is no file. */
export async function openPlain(path: string): Promise<FileHandle | undefined> {
  const slash = path.lastIndexOf("/");
  try {
    using directory = OpenDirectory.openPlain(path.slice(0, slash) || "/");
    return await openEntry(directory, path.slice(slash + 1));
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/**
 * The content of a small file of a tree that others wrote. Undefined when it is not there.
 *
 * @throws AppError NOT_A_REGULAR_FILE, FILE_TOO_LARGE, PATH_LINK_LOOP
 */
export async function readBelow(
  root: string | OpenDirectory,
  path: string,
  options: { maxBytes: number },
): Promise<Buffer | undefined> {
  await using file = await openBelow(root, path);
  return file && (await readAtMost(file, path, options.maxBytes));
}

/** All that a file holds. Reads no further than `maxBytes`, whatever size the file says it has. */
export async function readAtMost(file: FileHandle, path: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, size);
    if (bytesRead === 0) return Buffer.concat(chunks);
    size += bytesRead;
    if (size > maxBytes) throw tooLarge(path, maxBytes);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

const chunkBytes = 64 * 1024;
const notRegularCode = "NOT_A_REGULAR_FILE";

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a directory";
  if (stats.isSymbolicLink()) return "a symbolic link";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}

function notRegular(path: string, kind: string): AppError {
  return new AppError(notRegularCode, `${JSON.stringify(path)} is ${kind}, and a file is read there.`, {
    status: "FAILED_PRECONDITION",
    remedy:
      "Put a regular file in its place where the tree was written: in a step of the image, or in the volume.",
  });
}

function tooLarge(path: string, maxBytes: number): AppError {
  return new AppError(
    "FILE_TOO_LARGE",
    `${JSON.stringify(path)} is larger than the ${maxBytes} bytes that are read there.`,
    { status: "FAILED_PRECONDITION", remedy: "Make the file smaller where the tree was written." },
  );
}
