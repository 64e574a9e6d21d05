import { type BigIntStats } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { copyContent } from "@dorian/linux/copy-file";
import { setFileTimes } from "@dorian/linux/file-times";
import { check, libc } from "@dorian/linux/libc";
import { openEntry } from "@dorian/linux/open-below";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { chmod, lchown, link, lstat, readlink, symlink } from "@dorian/linux/tree-calls";

/**
 * Makes `target` another name of the file `source` (anything but a directory; a symbolic link is not followed, and none
 * may be on the way). Where a file has as many names as its file system allows (65,000 on ext4: think of empty files),
 * `target` is a copy.
 */
export async function linkFile(source: string, target: string): Promise<void> {
  using directory = OpenDirectory.openPlain(dirname(source));
  const name = basename(source);
  try {
    await link(directory.at(name), target);
  } catch (error) {
    if (errnoOf(error) !== "EMLINK") throw error;
    await copyLeaf(directory, name, target);
  }
}

/** Makes `target` a copy of an entry of a directory that is no directory itself, without its extended attributes. */
export async function copyLeaf(directory: OpenDirectory, name: string, target: string): Promise<void> {
  const stats = await lstat(directory.at(name), { bigint: true });
  if (stats.isSymbolicLink()) await symlink(await readlink(directory.at(name)), target);
  else if (stats.isFile()) await copyRegular(directory, name, target);
  else check(libc.mknod(target, Number(stats.mode), Number(stats.rdev)), `copy of ${name} to ${target}`);
  await takeMetadata(stats, target);
}

async function copyRegular(directory: OpenDirectory, name: string, target: string): Promise<void> {
  await using file = await openEntry(directory, name);
  if (file) await copyContent(file, target);
}

async function takeMetadata(stats: BigIntStats, target: string): Promise<void> {
  await lchown(target, Number(stats.uid), Number(stats.gid));
  if (!stats.isSymbolicLink()) await chmod(target, Number(stats.mode) & 0o7777);
  setFileTimes(target, stats);
}
