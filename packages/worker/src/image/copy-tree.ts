import {
  chmod,
  constants,
  copyFile,
  lchown,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rm,
  symlink,
} from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { isWhiteout } from "@dorian/linux/overlay-marks";
import { unlessAbsent } from "@dorian/operator/read-if-present";
import { confinedPath } from "./confined-path.ts";

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
 */
export async function copyTree(source: string, path: string, target: CopyTarget): Promise<void> {
  target.signal.throwIfAborted();
  const stats = await lstat(source);
  if (stats.isDirectory()) {
    const directory = await makeDirectory(path, target, stats);
    for (const name of await readdir(source)) await copyTree(join(source, name), join(path, name), target);
    if (directory.made) await lutimes(directory.path, stats.atime, stats.mtime);
    return;
  }
  if (isWhiteout(stats)) return;
  const parent = await makeDirectory(dirname(path), target);
  const destination = join(parent.path, basename(path));
  const existing = await unlessAbsent(lstat(destination));
  if (existing?.isDirectory())
    throw obstacle(destination, target, "is a directory, and a file is to be copied there");
  if (existing) await rm(destination);
  if (stats.isSymbolicLink()) await symlink(await readlink(source), destination);
  else if (stats.isFile()) await copyFile(source, destination, constants.COPYFILE_FICLONE);
  else return;
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
): Promise<{ path: string; made: boolean }> {
  const directory = await confinedPath(target.root, path, { follow: true });
  const existing = await unlessAbsent(lstat(directory));
  if (existing?.isDirectory()) return { path: directory, made: false };
  if (existing) throw obstacle(directory, target, "is a file, and a directory is needed there");
  const parent = relative(target.root, dirname(directory));
  await makeDirectory(`/${parent}`, target);
  await mkdir(directory);
  await lchown(directory, target.owner.uid, target.owner.gid);
  await chmod(directory, target.mode ?? (like ? like.mode & 0o7777 : 0o755));
  return { path: directory, made: true };
}

function obstacle(path: string, target: { root: string }, problem: string): AppError {
  return new AppError("COPY_OBSTRUCTED", `/${relative(target.root, path)} in the image ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Choose another destination, or remove what is there in an earlier step.",
  });
}
