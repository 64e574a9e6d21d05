import { unlessAbsent } from "@dorian/base/unless-absent";
import { dirname, join } from "node:path";
import type { WayBack } from "@dorian/base/way-back";
import { wallClockMs } from "@dorian/base/wall-clock";
import { createWhiteout, isWhiteout, markWhiteouts, unmarkWhiteouts } from "@dorian/linux/overlay-marks";
import { setFileTimes } from "@dorian/linux/file-times";
import { lstat, readEntriesOf, unlink } from "@dorian/linux/tree-calls";
import { copyTimes } from "@dorian/storage/file-metadata";
import { linkFile } from "@dorian/storage/link-file";
import { copyEntry, entriesOf, likeDirectory, makeParents } from "./upper-directory.ts";

/** By path, what tells whether an entry of an upper directory is still the one, and as, it was copied. */
export type Identities = ReadonlyMap<string, string>;

export interface UpperCopyOptions {
  /** Upper directory of an overlay whose writers are frozen. */
  from: string;
  /** Empty directory for the copy. */
  to: string;
  /** The layer that an earlier copy became, and what it then knew. */
  last: { path: string; identities: Identities } | undefined;
  /** Files that stay as they were in the last copy. */
  leftOut: ReadonlySet<string>;
}

export interface UpperCopy {
  /** Bytes that had to be copied: what has not changed since the last copy is linked to it. */
  bytes: number;
  changed: boolean;
  identities: Identities;
}

/** Clocks of file systems are this coarse, in milliseconds: a younger entry may change without showing it. */
const clockStepMs = 20;

/** Copies a whole upper directory, marks and all, as a layer to be normalised. */
export async function copyUpper(options: UpperCopyOptions): Promise<UpperCopy> {
  const { from, to, last, leftOut } = options;
  const identities = new Map<string, string>();
  let bytes = 0;
  let changed = false;
  await likeDirectory(from, to);
  for await (const path of entriesOf(from)) {
    if (leftOut.has(path)) {
      await linkFrom(last?.path, options, path);
      continue;
    }
    const identity = await identityOf(join(from, path));
    if (identity !== undefined) identities.set(path, identity);
    const same = identity !== undefined && last?.identities.get(path) === identity;
    if (same && (await linkFrom(last?.path, options, path))) continue;
    bytes += await copyEntry(from, to, path);
    if (!same) changed = true;
  }
  await copyDirectoryTimes(from, to);
  return { bytes, changed, identities };
}

/** Each entry that was made in a directory has changed its times. */
async function copyDirectoryTimes(from: string, to: string): Promise<void> {
  for (const entry of await readEntriesOf(to)) {
    if (entry.isDirectory()) await copyDirectoryTimes(join(from, entry.name), join(to, entry.name));
  }
  await copyTimes(from, to);
}

/**
 * Marks as deleted in `layer` what the layer below it, `last`, has and it has not. True when there was such a thing;
 * `wayBack` gets what takes it back.
 */
export async function hideMissing(
  last: string,
  layer: string,
  leftOut: ReadonlySet<string>,
  wayBack: WayBack,
  below = "",
): Promise<boolean> {
  let any = false;
  for (const entry of await readEntriesOf(join(last, below))) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (leftOut.has(path) || isWhiteout(await lstat(join(last, path)))) continue;
    const now = await unlessAbsent(lstat(join(layer, path)));
    if (now === undefined) {
      createWhiteout(join(layer, path));
      wayBack.add(() => unlink(join(layer, path)));
      const directory = join(layer, below);
      if (markWhiteouts(directory)) wayBack.add(() => unmarkWhiteouts(directory));
      any = true;
    } else if (entry.isDirectory() && now.isDirectory()) {
      if (await hideMissing(last, layer, leftOut, wayBack, path)) any = true;
    }
  }
  return any;
}

/** Paths of what is in an upper directory still as it was when it was copied; none of directories. */
export async function unchangedIn(root: string, identities: Identities): Promise<Set<string>> {
  const unchanged = new Set<string>();
  for await (const path of entriesOf(root)) {
    const known = identities.get(path);
    if (known === undefined || (await identityOf(join(root, path))) !== known) continue;
    if (!(await lstat(join(root, path))).isDirectory()) unchanged.add(path);
  }
  return unchanged;
}

/** Removes files of a layer; its directories keep their times. What is not there any more is fine. */
export async function removeFiles(root: string, paths: ReadonlySet<string>): Promise<void> {
  for (const path of paths) {
    const parent = dirname(join(root, path));
    const times = await lstat(parent, { bigint: true });
    await unlessAbsent(unlink(join(root, path)));
    setFileTimes(parent, times);
  }
}

/** Undefined for an entry so young that it may yet change unseen. */
async function identityOf(path: string): Promise<string | undefined> {
  const { ino, size, ctimeNs, ctimeMs } = await lstat(path, { bigint: true });
  return wallClockMs() - Number(ctimeMs) < clockStepMs ? undefined : `${ino} ${size} ${ctimeNs}`;
}

/** False when there is nothing to link to. */
async function linkFrom(
  last: string | undefined,
  { from, to }: UpperCopyOptions,
  path: string,
): Promise<boolean> {
  if (last === undefined) return false;
  const stats = await unlessAbsent(lstat(join(last, path)));
  if (stats === undefined || stats.isDirectory()) return false;
  await makeParents(from, to, path, { marks: true });
  await linkFile(join(last, path), join(to, path));
  return true;
}
