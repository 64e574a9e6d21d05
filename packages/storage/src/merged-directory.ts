import type { Dirent, Stats } from "node:fs";
import { basename, join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { isOpaque, isWhiteout } from "@dorian/linux/overlay-marks";
import { lstat, openEntriesOf } from "@dorian/linux/tree-calls";

/** What a name in a stack of layers stands for. */
export type StackEntry = StackDirectory | StackLeaf;

export interface StackDirectory {
  kind: "directory";
  /** The directories whose entries it shows, topmost first. */
  hostPaths: string[];
  /** What the topmost one says. */
  stats: Stats;
  /** True when it would also hide what further layers below had there. */
  hidesBelow: boolean;
}

/** Anything but a directory. */
export interface StackLeaf {
  kind: "leaf";
  hostPath: string;
  stats: Stats;
}

/** A deleted name. */
export interface Whiteout {
  kind: "whiteout";
}

export interface Named<T> {
  name: string;
  entry: T;
}

const batchSize = 64;

/** What `name` is in the directory made up of `hostPaths` (topmost first); undefined when absent or deleted. */
export async function lookup(hostPaths: readonly string[], name: string): Promise<StackEntry | undefined> {
  using parents = new Parents(hostPaths);
  const entry = await lookupMarked(parents.all, name);
  return entry?.kind === "whiteout" ? undefined : entry;
}

/** The entries of the directory made up of `hostPaths` (topmost first), in no particular order. */
export async function* readMerged(hostPaths: readonly string[]): AsyncGenerator<Named<StackEntry>> {
  for await (const { name, entry } of readMarked(hostPaths)) {
    if (entry.kind !== "whiteout") yield { name, entry };
  }
}

/** Reads as `readMerged` does, with the names that are deleted. */
export async function* readMarked(
  hostPaths: readonly string[],
): AsyncGenerator<Named<StackEntry | Whiteout>> {
  const seen = new Set<string>();
  using parents = new Parents(hostPaths);
  for (const [depth, { directory }] of parents.all.entries()) {
    const visible = parents.all.slice(depth);
    const isLast = visible.length === 1;
    for await (const batch of batches(directory.path)) {
      const names = batch.map((entry) => entry.name).filter((name) => !seen.has(name));
      if (!isLast) for (const name of names) seen.add(name);
      yield* await Promise.all(names.map((name) => listed(visible, name)));
    }
  }
}

interface Parent {
  hostPath: string;
  directory: OpenDirectory;
}

/** Directories of layers, open: what is looked up in them is in the layers, whatever was put in their place since. */
class Parents implements Disposable {
  readonly all: readonly Parent[];
  #opened = new DisposableStack();

  constructor(hostPaths: readonly string[]) {
    using opening = new DisposableStack();
    this.all = hostPaths.map((hostPath) => ({
      hostPath,
      directory: opening.use(openLayerDirectory(hostPath)),
    }));
    this.#opened = opening.move();
  }

  [Symbol.dispose](): void {
    this.#opened.dispose();
  }
}

function openLayerDirectory(hostPath: string): OpenDirectory {
  try {
    return OpenDirectory.openPlain(hostPath);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) throw unreadable(basename(hostPath));
    throw error;
  }
}

async function lookupMarked(
  parents: readonly Parent[],
  name: string,
): Promise<StackEntry | Whiteout | undefined> {
  const found: string[] = [];
  let top: Stats | undefined;
  const merged = (hidesBelow: boolean): StackDirectory | undefined =>
    top && { kind: "directory", hostPaths: found, stats: top, hidesBelow };
  for (const { hostPath: parentPath, directory } of parents) {
    const hostPath = join(parentPath, name);
    const stats = await lstatIfPresent(directory.at(name));
    if (stats === undefined) continue;
    if (isWhiteout(stats)) return merged(true) ?? { kind: "whiteout" };
    if (!stats.isDirectory()) return merged(true) ?? { kind: "leaf", hostPath, stats };
    top ??= stats;
    found.push(hostPath);
    if (isOpaque(directory.at(name))) return merged(true);
  }
  return merged(false);
}

async function listed(parents: readonly Parent[], name: string): Promise<Named<StackEntry | Whiteout>> {
  const entry = await lookupMarked(parents, name);
  if (entry === undefined) throw unreadable(name);
  return { name, entry };
}

async function* batches(directory: string): AsyncGenerator<Dirent[]> {
  let batch: Dirent[] = [];
  for await (const entry of await openEntriesOf(directory, batchSize)) {
    batch.push(entry);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function lstatIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const errno = errnoOf(error);
    // A name can be fine for one file system and too long for another; it is then not there.
    if (errno === "ENOENT" || errno === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

/** The error for a name that a directory lists and that then cannot be found. */
function unreadable(name: string): AppError {
  return new AppError("LAYER_CHANGED", `${JSON.stringify(name)} vanished while its layer was read.`, {
    status: "ABORTED",
    remedy: "The layer was probably removed as no longer needed. Try again with the newest version.",
  });
}
