import { chmod, lchown, lstat, lutimes, mkdir, readdir, readlink, symlink, unlink } from "node:fs/promises";
import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { basename, dirname } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { copyContent } from "@dorian/linux/copy-file";
import { openIfRegular } from "@dorian/linux/open-below";
import { type EntryName, OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import { isWhiteout } from "@dorian/linux/overlay-marks";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { ModeChange } from "./file-mode.ts";

/** Directories in each other that are copied: each is open until what is in it is copied. */
const maxDepth = 500;

/** What is copied: an entry of a directory. */
export interface CopySource {
  directory: OpenDirectory;
  name: EntryName;
}

export interface CopyTarget {
  /** Mounted root file system that is written to. */
  root: string;
  owner: { uid: number; gid: number };
  /** Changes the modes of what is copied. */
  mode: ModeChange | undefined;
  /** Called after each file. */
  onFile: (bytes: number) => void;
  signal: AbortSignal;
}

/**
 * Copies a file, link or the content of a directory to `path` in the target, as COPY does: directories that exist keep
 * their attributes and what else is in them. Links on the way to the destination lead to places inside the target. Names
 * below are taken as they are, whatever their encoding.
 *
 * @throws AppError COPY_OBSTRUCTED, COPY_TOO_DEEP
 */
export async function copyTree(source: CopySource, path: string, target: CopyTarget): Promise<void> {
  const stats = await lstat(source.directory.at(source.name));
  if (stats.isDirectory()) {
    using made = await makeDirectory(path, target, stats);
    await copyContents(source, stats, { made, path, target, depth: 0 });
    return;
  }
  using parent = await makeDirectory(dirname(path), target);
  await copyFile(source, stats, { parent: parent.directory, name: basename(path), path, target });
}

async function copyContents(
  source: CopySource,
  stats: Stats,
  to: { made: MadeDirectory; path: string; target: CopyTarget; depth: number },
): Promise<void> {
  const { made, path, target, depth } = to;
  if (depth > maxDepth) throw tooDeep(path);
  using directory = source.directory.directory(source.name);
  for (const name of await readdir(directory.path, { encoding: "buffer" })) {
    target.signal.throwIfAborted();
    const entry = { directory, name };
    const below = `${path === "/" ? "" : path}/${name.toString()}`;
    const entryStats = await lstat(directory.at(name));
    if (entryStats.isDirectory()) {
      using inner = await directoryIn(made.directory, name, below, target, entryStats);
      await copyContents(entry, entryStats, { made: inner, path: below, target, depth: depth + 1 });
    } else await copyFile(entry, entryStats, { parent: made.directory, name, path: below, target });
  }
  if (made.isNew) await lutimes(`${made.directory.path}/.`, stats.atime, stats.mtime);
}

async function copyFile(
  source: CopySource,
  stats: Stats,
  to: { parent: OpenDirectory; name: EntryName; path: string; target: CopyTarget },
): Promise<void> {
  if (isWhiteout(stats)) return;
  const { parent, name, path, target } = to;
  const destination = parent.at(name);
  const existing = await unlessAbsent(lstat(destination));
  if (existing?.isDirectory()) throw obstacle(path, "is a directory, and a file is to be copied there");
  if (existing) await unlink(destination);
  if (stats.isSymbolicLink()) {
    await symlink(await readlink(source.directory.at(source.name), { encoding: "buffer" }), destination);
  } else {
    await using file = await openIfRegular(source.directory, source.name);
    if (!file) return;
    await copyContent(file, destination);
  }
  await lchown(destination, target.owner.uid, target.owner.gid);
  if (stats.isFile()) await chmod(destination, changedMode(target.mode, stats));
  await lutimes(destination, stats.atime, stats.mtime);
  target.onFile(stats.size);
}

/** A directory of the target, open. */
interface MadeDirectory extends Disposable {
  directory: OpenDirectory;
  isNew: boolean;
}

/** The directory `name` in one of the target's, made when it is not there. */
async function directoryIn(
  above: OpenDirectory,
  name: Buffer,
  path: string,
  target: CopyTarget,
  like: Stats,
): Promise<MadeDirectory> {
  const place = above.at(name);
  const existing = await unlessAbsent(lstat(place));
  // Where a link leads is found from the root.
  if (existing?.isSymbolicLink() && isUtf8(name)) return makeDirectory(path, target, like);
  if (existing && !existing.isDirectory())
    throw obstacle(path, "has a file on the way, and a directory is needed there");
  if (!existing) await mkdir(place);
  const directory = above.directory(name);
  if (!existing) await takeAttributes(directory, target, like);
  return { directory, isNew: !existing, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

async function takeAttributes(
  directory: OpenDirectory,
  { owner, mode }: Pick<CopyTarget, "owner" | "mode">,
  like: Stats | undefined,
): Promise<void> {
  await lchown(`${directory.path}/.`, owner.uid, owner.gid);
  await chmod(directory.path, like ? changedMode(mode, like) : (mode?.(0o755, true) ?? 0o755));
}

function changedMode(change: ModeChange | undefined, stats: Stats): number {
  const mode = stats.mode & 0o7777;
  return change ? change(mode, stats.isDirectory()) : mode;
}

/** Makes a directory of the target and those above it. */
export async function makeDirectory(
  path: string,
  target: Pick<CopyTarget, "root" | "owner" | "mode">,
  like?: Stats,
): Promise<MadeDirectory> {
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
    await takeAttributes(directory, target, isLast ? like : undefined);
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
