import { chmod, lchown, lstat, lutimes, readlink, symlink, unlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { copyContent } from "@dorian/linux/copy-file";
import { Descent } from "@dorian/linux/descent";
import { openIfRegular } from "@dorian/linux/open-below";
import type { EntryName, OpenDirectory } from "@dorian/linux/open-directory";
import { isWhiteout } from "@dorian/linux/overlay-marks";
import { readEntries } from "@dorian/linux/walk-tree";
import {
  changedMode,
  type CopyTarget,
  directoryIn,
  type MadeDirectory,
  makeDirectory,
  obstacle,
} from "./copy-target.ts";

/** What is copied: an entry of a directory. */
export interface CopySource {
  directory: OpenDirectory;
  name: EntryName;
}

/**
 * Copies a file, link or the content of a directory to `path` in the target, as COPY does: directories that exist keep
 * their attributes and what else is in them. Links on the way to the destination lead to places inside the target. Names
 * below are taken as they are, whatever their encoding, and so is the depth of what they are in.
 *
 * @throws AppError COPY_OBSTRUCTED
 */
export async function copyTree(source: CopySource, path: string, target: CopyTarget): Promise<void> {
  const stats = await lstat(source.directory.at(source.name));
  if (stats.isDirectory()) {
    await copyContents(source, stats, path, target);
    return;
  }
  using parent = (await makeDirectory(dirname(path), target)).directory;
  await copyFile(source, stats, { parent, name: basename(path), path, target });
}

/** A directory that is copied to one of the target. */
interface Level {
  made: MadeDirectory;
  /** Where the target lies, from its root. */
  path: string;
  stats: Stats;
}

async function copyContents(
  source: CopySource,
  stats: Stats,
  path: string,
  target: CopyTarget,
): Promise<void> {
  using from = new Descent(source.directory.directory(source.name));
  const root: Level = { made: await makeDirectory(path, target, stats), path, stats };
  using to = new Descent(root.made.directory);
  const levels = [{ ...root, pending: await copyEntries(from.here, root, target) }];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    target.signal.throwIfAborted();
    const name = level.pending.pop();
    if (name === undefined) {
      // Last, for what is made in a directory changes its times.
      if (level.made.isNew) await lutimes(`${to.here.path}/.`, level.stats.atime, level.stats.mtime);
      levels.pop();
      if (levels.length === 0) return;
      from.leave();
      to.leave();
      continue;
    }
    const stats = await lstat(from.here.at(name));
    from.enter(from.here.directory(name));
    const path = `${level.path === "/" ? "" : level.path}/${name.toString()}`;
    const made = await directoryIn(to.here, name, path, target, stats);
    to.enter(made.directory, { isDetour: made.isElsewhere });
    const next = { made, path, stats };
    levels.push({ ...next, pending: await copyEntries(from.here, next, target) });
  }
}

/** Copies all but directories, whose names it returns. */
async function copyEntries(source: OpenDirectory, to: Level, target: CopyTarget): Promise<Buffer[]> {
  const directories: Buffer[] = [];
  for await (const entry of await readEntries(source)) {
    target.signal.throwIfAborted();
    const name = Buffer.from(entry.name, "latin1");
    if (entry.isDirectory()) {
      directories.push(name);
      continue;
    }
    const path = `${to.path === "/" ? "" : to.path}/${name.toString()}`;
    const stats = await lstat(source.at(name));
    await copyFile({ directory: source, name }, stats, { parent: to.made.directory, name, path, target });
  }
  return directories;
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
