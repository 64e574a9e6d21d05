import { unlessAbsent } from "@dorian/base/unless-absent";
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { WayBack } from "@dorian/base/way-back";
import { setFileTimes } from "@dorian/linux/file-times";
import {
  clearOpaque,
  clearRedirect,
  createWhiteout,
  isOpaque,
  isWhiteout,
  markWhiteouts,
  redirectOf,
  unmarkWhiteouts,
} from "@dorian/linux/overlay-marks";
import { removeTree } from "@dorian/linux/remove-tree";
import { lstat, readEntriesOf, unlink } from "@dorian/linux/tree-calls";
import { linkFile } from "./link-file.ts";
import { linkTree } from "./link-tree.ts";
import { lookup, readMerged } from "./merged-directory.ts";
import { storing } from "./storage-error.ts";

/** A directory of the upper one, and what lies below it (topmost first; undefined: no directory). */
interface UpperDirectory {
  hostPath: string;
  /** What the stack has by the same path. The layer will be read on top of it. */
  below: string[] | undefined;
  /** What the writer saw merged in. Another array than `below` for a directory that hides or was renamed. */
  seen: string[] | undefined;
}

/** A writable directory that says as a layer what it said, and still says it with the marks that it had. */
export interface NormalisedLayer {
  /** Takes the marks away. A step that fails is tried again by the next call. Needs no space. */
  finish(): Promise<void>;
  /** Instead: leaves the directory as it was found. What fails of it is tried again by the next call. */
  undo(): Promise<void>;
}

/**
 * Rewrites the writable directory of an overlay so that, as a layer, it says the same file by file: a directory marked
 * opaque gets a whiteout for each entry that it hides, one that was renamed gets hard links to what it took along. What
 * another writer put there meanwhile is then neither hidden nor lost, and reading the layer needs no marks.
 *
 * `baseLayerPaths` (lowest first) is the stack that the writer had below. Only directories are looked at. Nobody may
 * write meanwhile. On failure the directory is as it was.
 *
 * @throws AppError STORAGE_FULL
 */
export async function normaliseLayer(upperPath: string, baseLayerPaths: readonly string[]): Promise<void> {
  const layer = await prepareLayer(upperPath, baseLayerPaths);
  await layer.finish();
}

/** The first half of {@link normaliseLayer}: only adds, so that there is a way back. */
export async function prepareLayer(
  upperPath: string,
  baseLayerPaths: readonly string[],
): Promise<NormalisedLayer> {
  const root = baseLayerPaths.toReversed();
  const changes: Changes = { finish: [], times: [], wayBack: new WayBack() };
  try {
    await storing(upperPath, async () => {
      const pending: UpperDirectory[] = [{ hostPath: upperPath, below: root, seen: root }];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        pending.push(...(await prepare(next, root, changes)));
      }
      for (const restore of changes.times) restore();
    });
  } catch (error) {
    await changes.wayBack.go();
    throw error;
  }
  return {
    async finish() {
      for (let step = changes.finish[0]; step !== undefined; step = changes.finish[0]) {
        await step();
        changes.finish.shift();
      }
      for (const restore of changes.times) restore();
    },
    undo: () => changes.wayBack.go(),
  };
}

interface Changes {
  /** Takes away what is needless now; the layer says the same after each step. */
  finish: (() => void | Promise<void>)[];
  /** Gives directories the times that they had. */
  times: (() => void)[];
  wayBack: WayBack;
}

/** Adds what `directory` lacks. Returns the directories in it that remain to be done. */
async function prepare(
  directory: UpperDirectory,
  root: string[],
  changes: Changes,
): Promise<UpperDirectory[]> {
  const { hostPath, below, seen } = directory;
  const isPlain = below === seen;
  const times = await lstat(hostPath, { bigint: true });
  // On file systems that count so, two links mean that no directory is in it.
  if (isPlain && times.nlink === 2n) return [];
  const entries = new Map<string, Dirent>();
  for (const entry of await readEntriesOf(hostPath)) entries.set(entry.name, entry);

  const next: UpperDirectory[] = [];
  if (!isPlain) {
    const restore = () => setFileTimes(hostPath, times);
    changes.times.push(restore);
    changes.wayBack.add(restore);
    const linked = await linkSeen(directory, entries, changes.wayBack);
    await hideBelow(directory, new Set([...entries.keys(), ...linked.keys()]), changes.wayBack);
    changes.finish.push(() => removeNeedlessWhiteouts(directory, entries));
    for (const [name, kind] of linked) {
      // Where a file now is, a directory may lie below.
      const child = kind === "directory" ? await childBelow(below, name) : undefined;
      if (child) next.push({ hostPath: join(hostPath, name), below: child, seen: undefined });
    }
  }
  for (const entry of entries.values()) {
    if (entry.isDirectory()) next.push(await upperChild(directory, entry.name, root, changes.finish));
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

/** Hard links what the writer saw in a renamed directory and did not change. Returns what was made. */
async function linkSeen(
  { hostPath, seen }: UpperDirectory,
  entries: ReadonlyMap<string, Dirent>,
  wayBack: WayBack,
): Promise<Map<string, "leaf" | "directory">> {
  const linked = new Map<string, "leaf" | "directory">();
  for await (const { name, entry } of readMerged(seen ?? [])) {
    if (entries.has(name)) continue;
    const path = join(hostPath, name);
    // Before it is made: a tree may be made in part.
    wayBack.add(() => removeTree(path));
    if (entry.kind === "leaf") await linkFile(entry.hostPath, path);
    else await linkTree(entry, path);
    linked.set(name, entry.kind);
  }
  return linked;
}

async function hideBelow(
  { hostPath, below }: UpperDirectory,
  names: ReadonlySet<string>,
  wayBack: WayBack,
): Promise<void> {
  if (below === undefined) return;
  for await (const { name } of readMerged(below)) {
    if (names.has(name)) continue;
    const path = join(hostPath, name);
    createWhiteout(path);
    wayBack.add(() => unlink(path));
  }
  if (markWhiteouts(hostPath)) wayBack.add(() => unmarkWhiteouts(hostPath));
}

/** Whiteouts of a renamed directory hide what it had under its old name; under the new one they would hide others' files. */
async function removeNeedlessWhiteouts(
  { hostPath, below }: UpperDirectory,
  entries: ReadonlyMap<string, Dirent>,
): Promise<void> {
  for (const [name, entry] of entries) {
    if (!entry.isCharacterDevice()) continue;
    const path = join(hostPath, name);
    // Absent: removed by an earlier try.
    const stats = await unlessAbsent(lstat(path));
    if (stats && isWhiteout(stats) && (below === undefined || (await lookup(below, name)) === undefined)) {
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
