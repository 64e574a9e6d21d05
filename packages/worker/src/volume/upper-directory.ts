import {
  chmod,
  chown,
  copyFile,
  constants,
  lstat,
  mkdir,
  open,
  opendir,
  readlink,
  rename,
  rm,
  symlink,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { createWhiteout, isOpaque, isWhiteout, markWhiteouts, setOpaque } from "@dorian/linux/overlay-marks";

/** Paths of everything in the directory that is not itself a directory, plus directories that are empty; relative. */
export async function* entriesOf(root: string, below = ""): AsyncGenerator<string> {
  let empty = true;
  const directory = await opendir(join(root, below)).catch(unlessGone);
  for await (const entry of directory ?? []) {
    empty = false;
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* entriesOf(root, path);
    else yield path;
  }
  if (empty && below !== "") yield below;
}

/** True when the directory holds nothing but the files named in `except`. */
export async function holdsOnly(root: string, except: ReadonlySet<string>): Promise<boolean> {
  for await (const path of entriesOf(root)) if (!except.has(path)) return false;
  return true;
}

/** Bytes of the regular files in a directory that others may be changing. */
export async function bytesIn(root: string): Promise<number> {
  let bytes = 0;
  for await (const path of entriesOf(root)) {
    const stats = await lstat(join(root, path)).catch(unlessGone);
    if (stats?.isFile()) bytes += stats.size;
  }
  return bytes;
}

function unlessGone(error: unknown): undefined {
  if (errnoOf(error) !== "ENOENT") throw error;
}

/**
 * Moves one file from an upper directory to another, making its parents there as they are here. The inode stays the
 * same, so whoever has it open goes on writing to it at its new place.
 */
export async function moveFile(from: string, to: string, path: string): Promise<boolean> {
  try {
    await makeParents(from, to, path);
    await rename(join(from, path), join(to, path));
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Copies one file's content and metadata. Returns the bytes copied. */
export async function copyEntry(from: string, to: string, path: string): Promise<number> {
  await makeParents(from, to, path);
  const source = join(from, path);
  const target = join(to, path);
  const stats = await lstat(source);
  if (isWhiteout(stats)) {
    createWhiteout(target);
    markWhiteouts(dirname(target));
    return 0;
  }
  if (stats.isSymbolicLink()) {
    await symlink(await readlink(source), target);
    return 0;
  }
  if (stats.isDirectory()) {
    await makeDirectoryLike(source, target);
    return 0;
  }
  if (!stats.isFile()) return 0;
  await copyFile(source, target, constants.COPYFILE_FICLONE);
  await chown(target, stats.uid, stats.gid);
  await chmod(target, stats.mode & 0o7777);
  await utimes(target, stats.atime, stats.mtime);
  return stats.size;
}

/** Removes what has not changed since `sinceMs` (Unix milliseconds): an earlier commit holds it already. */
export async function removeUnchanged(root: string, sinceMs: number): Promise<void> {
  for await (const path of entriesOf(root)) {
    const stats = await lstat(join(root, path));
    if (stats.ctimeMs <= sinceMs && !stats.isDirectory()) await rm(join(root, path));
  }
}

/** Flushes file contents ahead of a freeze, so that the freeze itself has little left to flush. */
export async function flushFiles(root: string): Promise<void> {
  for await (const path of entriesOf(root)) {
    if (!(await lstat(join(root, path)).catch(unlessGone))?.isFile()) continue;
    await using file = await open(join(root, path), "r").catch(unlessGone);
    await file?.datasync();
  }
}

async function makeParents(from: string, to: string, path: string): Promise<void> {
  const parent = dirname(path);
  if (parent === ".") return;
  await makeParents(from, to, parent);
  await makeDirectoryLike(join(from, parent), join(to, parent));
}

async function makeDirectoryLike(source: string, target: string): Promise<void> {
  try {
    await mkdir(target);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return;
    throw error;
  }
  await likeDirectory(source, target);
  if (isOpaque(source)) setOpaque(target);
}

/** Gives one directory the owner and mode of another. */
export async function likeDirectory(source: string, target: string): Promise<void> {
  const stats = await lstat(source);
  await chown(target, stats.uid, stats.gid);
  await chmod(target, stats.mode & 0o7777);
}
