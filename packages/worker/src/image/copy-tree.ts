import { chmod, lchown, lstat, lutimes, mkdir, readdir, readlink, symlink, unlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { copyContent } from "@dorian/linux/copy-file";
import { openIfRegular } from "@dorian/linux/open-below";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import { isWhiteout } from "@dorian/linux/overlay-marks";
import { unlessAbsent } from "@dorian/operator/read-if-present";

/** Directories in each other that are copied: each is open until what is in it is copied. */
const maxDepth = 500;

/** What is copied: an entry of a directory. */
export interface CopySource {
  directory: OpenDirectory;
  name: string;
}

export interface CopyTarget {
  /** Mounted root file system that is written to. */
  root: string;
  owner: { uid: number; gid: number };
  /** Replaces the modes of what is copied. */
  mode: number | undefined;
  /** Called after each file. */
  onFile: (bytes: number) => void;
  signal: AbortSignal;
}

/**
 * Copies a file, link or the content of a directory to `path` in the target, as COPY does: directories that exist keep
 * their attributes and what else is in them. Links on the way to the destination lead to places inside the target.
 *
 * @throws AppError COPY_OBSTRUCTED, COPY_TOO_DEEP
 */
export async function copyTree(
  source: CopySource,
  path: string,
  target: CopyTarget,
  depth = 0,
): Promise<void> {
  target.signal.throwIfAborted();
  const from = source.directory.at(source.name);
  const stats = await lstat(from);
  if (stats.isDirectory()) {
    if (depth > maxDepth) throw tooDeep(path);
    using made = await makeDirectory(path, target, stats);
    using directory = source.directory.directory(source.name);
    for (const name of await readdir(directory.path)) {
      await copyTree({ directory, name }, join(path, name), target, depth + 1);
    }
    if (made.isNew) await lutimes(`${made.directory.path}/.`, stats.atime, stats.mtime);
    return;
  }
  if (isWhiteout(stats)) return;
  using parent = await makeDirectory(dirname(path), target);
  const destination = parent.directory.at(basename(path));
  const existing = await unlessAbsent(lstat(destination));
  if (existing?.isDirectory()) throw obstacle(path, "is a directory, and a file is to be copied there");
  if (existing) await unlink(destination);
  if (stats.isSymbolicLink()) await symlink(await readlink(from), destination);
  else {
    await using file = await openIfRegular(source.directory, source.name);
    if (!file) return;
    await copyContent(file, destination);
  }
  await lchown(destination, target.owner.uid, target.owner.gid);
  if (stats.isFile()) await chmod(destination, target.mode ?? stats.mode & 0o7777);
  await lutimes(destination, stats.atime, stats.mtime);
  target.onFile(stats.size);
}

/** Makes a directory of the target and those above it. */
export async function makeDirectory(
  path: string,
  target: Pick<CopyTarget, "root" | "owner" | "mode">,
  like?: Stats,
): Promise<{ directory: OpenDirectory; isNew: boolean } & Disposable> {
  using root = OpenDirectory.open(target.root);
  using place = placeBelow(root, path, { follow: true });
  const [first] = place.names;
  if (first !== undefined && (await unlessAbsent(lstat(place.directory.at(first)))))
    throw obstacle(path, "has a file on the way, and a directory is needed there");
  let directory = place.directory.directory(".");
  for (const [index, name] of place.names.entries()) {
    const isLast = index === place.names.length - 1;
    using above = directory;
    await mkdir(above.at(name));
    directory = above.directory(name);
    await lchown(`${directory.path}/.`, target.owner.uid, target.owner.gid);
    await chmod(directory.path, target.mode ?? (like && isLast ? like.mode & 0o7777 : 0o755));
  }
  return {
    directory,
    isNew: place.names.length > 0,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function obstacle(path: string, problem: string): AppError {
  return new AppError("COPY_OBSTRUCTED", `${path} in the image ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Choose another destination, or remove what is there in an earlier step.",
  });
}

function tooDeep(path: string): AppError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new AppError(
    "COPY_TOO_DEEP",
    `${shown} lies below more than ${maxDepth} directories that are copied.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Copy it with a command in a RUN step, or put the files into fewer directories.",
    },
  );
}
