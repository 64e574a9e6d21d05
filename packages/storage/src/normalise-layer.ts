import type { Dirent } from "node:fs";
import { lstat, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setFileTimes } from "@dorian/linux/file-times";
import {
  clearOpaque,
  clearRedirect,
  createWhiteout,
  isOpaque,
  isWhiteout,
  markWhiteouts,
  redirectOf,
} from "@dorian/linux/overlay-marks";
import { linkFile } from "./link-file.ts";
import { linkTree } from "./link-tree.ts";
import { lookup, readMerged, unreadable } from "./merged-directory.ts";
import { storing } from "./storage-error.ts";

/** A directory of the upper one, and what lies below it (topmost first; undefined: no directory). */
interface UpperDirectory {
  hostPath: string;
  /** What the stack has by the same path. The layer will be read on top of it. */
  below: string[] | undefined;
  /** What the writer saw merged in. Another array than `below` for a directory that hides or was renamed. */
  seen: string[] | undefined;
}

/**
 * Rewrites the writable directory of an overlay so that, as a layer, it says the same file by file: a directory marked
 * opaque gets a whiteout for each entry that it hides, one that was renamed gets hard links to what it took along. What
 * another writer put there meanwhile is then neither hidden nor lost, and reading the layer needs no marks.
 *
 * `baseLayerPaths` (lowest first) is the stack that the writer had below. Only directories are looked at. Nobody may
 * write meanwhile. On failure the directory shows through the overlay what it showed before, and can be tried again.
 *
 * @throws AppError STORAGE_FULL, FILE_NAME_NOT_UTF8
 */
export async function normaliseLayer(upperPath: string, baseLayerPaths: readonly string[]): Promise<void> {
  const root = baseLayerPaths.toReversed();
  const finish: (() => void | Promise<void>)[] = [];
  const restore: (() => void)[] = [];
  try {
    await storing(upperPath, async () => {
      const pending: UpperDirectory[] = [{ hostPath: upperPath, below: root, seen: root }];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        pending.push(...(await prepare(next, root, finish, restore)));
      }
    });
    // Only from here on is anything taken away, and taking away needs no space.
    for (const step of finish) await step();
  } finally {
    for (const step of restore) step();
  }
}

/** Adds what `directory` lacks. Returns the directories in it that remain to be done. */
async function prepare(
  directory: UpperDirectory,
  root: string[],
  finish: (() => void | Promise<void>)[],
  restore: (() => void)[],
): Promise<UpperDirectory[]> {
  const { hostPath, below, seen } = directory;
  const isPlain = below === seen;
  const times = await lstat(hostPath, { bigint: true });
  // On file systems that count so, two links mean that no directory is in it.
  if (isPlain && times.nlink === 2n) return [];
  const entries = new Map<string, Dirent>();
  for (const entry of await readdir(hostPath, { withFileTypes: true })) entries.set(entry.name, entry);

  const next: UpperDirectory[] = [];
  if (!isPlain) {
    restore.push(() => setFileTimes(hostPath, times));
    const linked = await linkSeen(directory, entries);
    await hideBelow(directory, new Set([...entries.keys(), ...linked]));
    finish.push(() => removeNeedlessWhiteouts(directory, entries));
    for (const name of linked) {
      const child = await childBelow(below, name);
      if (child) next.push({ hostPath: join(hostPath, name), below: child, seen: undefined });
    }
  }
  for (const entry of entries.values()) {
    if (entry.isDirectory()) next.push(await upperChild(directory, entry.name, root, finish));
  }
  return next;
}

async function upperChild(
  parent: UpperDirectory,
  name: string,
  root: string[],
  finish: (() => void | Promise<void>)[],
): Promise<UpperDirectory> {
  const hostPath = join(parent.hostPath, name);
  if (name.includes("\uFFFD")) await lstat(hostPath).catch(() => Promise.reject(unreadable(hostPath)));
  const below = await childBelow(parent.below, name);
  if (isOpaque(hostPath)) {
    finish.push(() => clearOpaque(hostPath));
    return { hostPath, below, seen: undefined };
  }
  const redirect = redirectOf(hostPath);
  if (redirect !== undefined) {
    finish.push(() => clearRedirect(hostPath));
    const seen = redirect.startsWith("/")
      ? await directoryAt(root, redirect)
      : await childBelow(parent.seen, redirect);
    return { hostPath, below, seen };
  }
  return {
    hostPath,
    below,
    seen: parent.seen === parent.below ? below : await childBelow(parent.seen, name),
  };
}

/** Hard links what the writer saw in a renamed directory and did not change. Returns the directories made. */
async function linkSeen(
  { hostPath, seen }: UpperDirectory,
  entries: ReadonlyMap<string, Dirent>,
): Promise<string[]> {
  const linked: string[] = [];
  for await (const { name, entry } of readMerged(seen ?? [])) {
    if (entries.has(name)) continue;
    const path = join(hostPath, name);
    if (entry.kind === "leaf") await linkFile(entry.hostPath, path);
    else await linkTree(entry, path);
    linked.push(name);
  }
  return linked;
}

async function hideBelow({ hostPath, below }: UpperDirectory, names: ReadonlySet<string>): Promise<void> {
  if (below === undefined) return;
  for await (const { name } of readMerged(below)) {
    if (!names.has(name)) createWhiteout(join(hostPath, name));
  }
  markWhiteouts(hostPath);
}

/** Whiteouts of a renamed directory hide what it had under its old name; under the new one they would hide others' files. */
async function removeNeedlessWhiteouts(
  { hostPath, below }: UpperDirectory,
  entries: ReadonlyMap<string, Dirent>,
): Promise<void> {
  for (const [name, entry] of entries) {
    if (!entry.isCharacterDevice()) continue;
    const path = join(hostPath, name);
    if (isWhiteout(await lstat(path)) && (below === undefined || (await lookup(below, name)) === undefined)) {
      await unlink(path);
    }
  }
}

async function directoryAt(root: string[], path: string): Promise<string[] | undefined> {
  let directory: string[] | undefined = root;
  for (const name of path.split("/").filter(Boolean)) directory = await childBelow(directory, name);
  return directory;
}

async function childBelow(directory: string[] | undefined, name: string): Promise<string[] | undefined> {
  if (directory === undefined) return undefined;
  const entry = await lookup(directory, name);
  return entry?.kind === "directory" ? entry.hostPaths : undefined;
}
