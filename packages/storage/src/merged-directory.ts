import type { Dirent, Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { isOpaque, isWhiteout } from "@dorian/linux/overlay-marks";

/** What a name in a stack of layers stands for. */
export type StackEntry = StackDirectory | StackLeaf;

export interface StackDirectory {
  kind: "directory";
  /** The directories whose entries it shows, topmost first. */
  hostPaths: string[];
  /** Of the topmost. */
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
  const entry = await lookupMarked(hostPaths, name);
  return entry?.kind === "whiteout" ? undefined : entry;
}

/** The entries of the directory made up of `hostPaths` (topmost first), in no particular order. */
export async function* readMerged(hostPaths: readonly string[]): AsyncGenerator<Named<StackEntry>> {
  for await (const { name, entry } of readMarked(hostPaths)) {
    if (entry.kind !== "whiteout") yield { name, entry };
  }
}

/** As `readMerged`, with the names that are deleted. */
export async function* readMarked(
  hostPaths: readonly string[],
): AsyncGenerator<Named<StackEntry | Whiteout>> {
  const seen = new Set<string>();
  for (const [depth, hostPath] of hostPaths.entries()) {
    const visible = hostPaths.slice(depth);
    const isLast = visible.length === 1;
    for await (const batch of batches(hostPath)) {
      const names = batch.map((entry) => entry.name).filter((name) => !seen.has(name));
      if (!isLast) for (const name of names) seen.add(name);
      yield* await Promise.all(names.map((name) => listed(visible, name)));
    }
  }
}

async function lookupMarked(
  hostPaths: readonly string[],
  name: string,
): Promise<StackEntry | Whiteout | undefined> {
  const found: string[] = [];
  let top: Stats | undefined;
  const directory = (hidesBelow: boolean): StackDirectory | undefined =>
    top && { kind: "directory", hostPaths: found, stats: top, hidesBelow };
  for (const parent of hostPaths) {
    const hostPath = join(parent, name);
    const stats = await lstatIfPresent(hostPath);
    if (stats === undefined) continue;
    if (isWhiteout(stats)) return directory(true) ?? { kind: "whiteout" };
    if (!stats.isDirectory()) return directory(true) ?? { kind: "leaf", hostPath, stats };
    top ??= stats;
    found.push(hostPath);
    if (isOpaque(hostPath)) return directory(true);
  }
  return directory(false);
}

async function listed(hostPaths: readonly string[], name: string): Promise<Named<StackEntry | Whiteout>> {
  const entry = await lookupMarked(hostPaths, name);
  if (entry === undefined) throw unreadable(join(hostPaths[0] ?? "", name));
  return { name, entry };
}

async function* batches(directory: string): AsyncGenerator<Dirent[]> {
  let batch: Dirent[] = [];
  for await (const entry of await opendir(directory, { bufferSize: batchSize })) {
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
export function unreadable(hostPath: string): AppError {
  // Bytes that are not text become this character, under which no file is found.
  if (!hostPath.includes("\uFFFD")) {
    return new AppError("LAYER_CHANGED", `${hostPath} vanished while its layer was read.`, {
      status: "ABORTED",
      remedy: "The layer was probably removed as no longer needed. Try again with the newest version.",
    });
  }
  return new AppError("FILE_NAME_NOT_UTF8", `The file name ${JSON.stringify(hostPath)} is not valid UTF-8.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Rename the file where it was written, then commit again.",
  });
}
