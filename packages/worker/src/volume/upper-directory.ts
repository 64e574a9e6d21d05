import { unlessAbsent } from "@dorian/base/unless-absent";
import { basename, dirname, join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { copyContent } from "@dorian/linux/copy-file";
import { check, libc } from "@dorian/linux/libc";
import { openIfRegular } from "@dorian/linux/open-below";
import { OpenDirectory } from "@dorian/linux/open-directory";
import {
  chmod,
  chown,
  lstat,
  mkdir,
  openEntriesOf,
  readlink,
  rename,
  symlink,
} from "@dorian/linux/tree-calls";
import { walkTree } from "@dorian/linux/walk-tree";
import { copyTimes } from "@dorian/storage/file-metadata";
import { maxPathBytes } from "@dorian/storage/layer-path";
import {
  createWhiteout,
  isOpaque,
  isWhiteout,
  markWhiteouts,
  redirectOf,
  setOpaque,
  setRedirect,
} from "@dorian/linux/overlay-marks";

const concurrency = 16;
/** Entries that one read of a directory asks for. */
const readAhead = 32;

/** Paths of everything in the directory that is not itself a directory, plus directories that are empty; relative. */
export async function* entriesOf(root: string): AsyncGenerator<string> {
  const pending = [""];
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    let empty = true;
    const directory = await unlessAbsent(openEntriesOf(join(root, below), readAhead));
    for await (const entry of directory ?? []) {
      empty = false;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else yield path;
    }
    if (empty && below !== "") yield below;
  }
}

/** True when the directory holds nothing but the files named in `except`. */
export async function holdsOnly(root: string, except: ReadonlySet<string>): Promise<boolean> {
  for await (const path of entriesOf(root)) if (!except.has(path)) return false;
  return true;
}

/** Bytes of the regular files in a directory that others may be changing. */
export async function bytesIn(root: string): Promise<number> {
  let bytes = 0;
  await walkTree(root, { concurrency }, async ({ at, kind }) => {
    if (kind !== "file") return;
    const stats = await unlessAbsent(lstat(at));
    if (stats?.isFile()) bytes += stats.size;
  });
  return bytes;
}

/**
 * Moves one file from an upper directory to another, making its parents there as they are here but for what they hide
 * or were called: what the other directory lies over has that already. The inode stays the same, so whoever has it open
 * goes on writing to it at its new place.
 */
export async function moveFile(from: string, to: string, path: string): Promise<boolean> {
  try {
    await makeParents(from, to, path, { marks: false });
    await rename(join(from, path), join(to, path));
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** Copies one entry's content and metadata, with parents as they are here. Returns the bytes copied. */
export async function copyEntry(from: string, to: string, path: string): Promise<number> {
  await makeParents(from, to, path, { marks: true });
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
    await makeDirectoryLike(source, target, { marks: true });
    return 0;
  }
  if (stats.isFIFO() || stats.isSocket()) {
    check(libc.mknod(target, stats.mode, 0), `copy of ${path}`);
    return 0;
  }
  using directory = OpenDirectory.open(dirname(source));
  await using file = await openIfRegular(directory, basename(source));
  // A device node: a volume does not keep it.
  if (!file) return 0;
  await copyContent(file, target);
  await chown(target, stats.uid, stats.gid);
  await chmod(target, stats.mode & 0o7777);
  await copyTimes(source, target);
  return stats.size;
}

/**
 * Flushes file contents ahead of a freeze, so that the freeze itself has little left to flush. What its users swap or
 * remove meanwhile is passed over.
 *
 * @throws AppError VOLUME_PATH_TOO_LONG for what could not be read again from a version of the volume
 */
export async function flushFiles(root: string): Promise<void> {
  await walkTree(root, { concurrency }, async ({ directory, name, kind, pathBytes, path }) => {
    if (pathBytes > maxPathBytes) throw pathTooLong(path().toString());
    if (kind !== "file") return;
    await using file = await openIfRegular(directory, name);
    await file?.datasync();
  });
}

export async function makeParents(
  from: string,
  to: string,
  path: string,
  options: { marks: boolean },
): Promise<void> {
  const parent = dirname(path);
  if (parent === ".") return;
  await makeParents(from, to, parent, options);
  await makeDirectoryLike(join(from, parent), join(to, parent), options);
}

async function makeDirectoryLike(source: string, target: string, options: { marks: boolean }): Promise<void> {
  try {
    await mkdir(target);
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return;
    throw error;
  }
  await likeDirectory(source, target);
  if (!options.marks) return;
  if (isOpaque(source)) setOpaque(target);
  const redirect = redirectOf(source);
  if (redirect !== undefined) setRedirect(target, redirect);
}

/** Gives one directory the owner and mode of another. */
export async function likeDirectory(source: string, target: string): Promise<void> {
  const stats = await lstat(source);
  await chown(target, stats.uid, stats.gid);
  await chmod(target, stats.mode & 0o7777);
}

function pathTooLong(path: string): AppError {
  return new AppError(
    "VOLUME_PATH_TOO_LONG",
    `${JSON.stringify(`${path.slice(0, 100)}…`)} has ${Buffer.byteLength(path)} bytes; a path in a volume has ${maxPathBytes} at most.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Remove it or move it up in the container; then what was written is committed.",
    },
  );
}
