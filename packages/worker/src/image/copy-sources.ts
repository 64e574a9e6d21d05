import { lstat } from "node:fs/promises";
import { basename, posix } from "node:path";
import type { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import { readEntries, walkTree } from "@dorian/linux/walk-tree";
import { unlessAbsent } from "@dorian/operator/read-if-present";
import type { CopySource } from "./copy-tree.ts";
import { namePattern } from "./name-pattern.ts";

/** What a source of COPY names. */
export interface FoundSource extends CopySource, Disposable {
  /** A link's own name counts, not that of what it leads to. */
  shownName: string;
  kind: "file" | "directory" | "other";
}

/** What a path leads to; always below the root, whatever its links and dots say. Undefined when nothing is there. */
export async function sourceAt(root: OpenDirectory, path: string): Promise<FoundSource | undefined> {
  using place = placeBelow(root, path, { follow: true });
  const [name = ".", ...missing] = place.names;
  if (missing.length > 0) return undefined;
  const stats = await unlessAbsent(lstat(place.directory.at(name)));
  if (!stats) return undefined;
  const directory = place.directory.directory(".");
  const kind = stats.isDirectory() ? "directory" : stats.isFile() ? "file" : "other";
  const shownName = basename(posix.join("/", path));
  return { directory, name, shownName, kind, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

/** A source as written, or as a pattern. */
export async function sourcesIn(root: OpenDirectory, source: string): Promise<FoundSource[]> {
  const plain = posix.join("/", source);
  const exact = await sourceAt(root, plain);
  if (exact) return [exact];
  if (!isPattern(plain)) return [];
  const found: FoundSource[] = [];
  for (const path of (await matching(root, plain.slice(1))).toSorted()) {
    const match = await sourceAt(root, path);
    if (match) found.push(match);
  }
  return found;
}

/** Paths that a pattern may stand for, part by part. */
async function matching(root: OpenDirectory, pattern: string): Promise<string[]> {
  let paths = [""];
  for (const part of pattern.split("/")) {
    const next: string[] = [];
    const takes = namePattern(part) ?? (() => false);
    for (const path of paths) {
      if (part === "**")
        for (const below of [path, ...(await directoriesBelow(root, path))]) next.push(below);
      else if (!isPattern(part)) next.push(posix.join(path, part));
      else {
        const names = await namesIn(root, path);
        for (const name of names) if (takes(name)) next.push(posix.join(path, name));
      }
    }
    // Several `**` lead to one place in many ways.
    paths = [...new Set(next)];
  }
  return paths;
}

async function namesIn(root: OpenDirectory, path: string): Promise<string[]> {
  using place = placeBelow(root, path, { follow: true });
  if (place.names.length > 0) return [];
  const names: string[] = [];
  for await (const entry of await readEntries(place.directory)) names.push(textOf(entry.name));
  return names;
}

async function directoriesBelow(root: OpenDirectory, path: string): Promise<string[]> {
  using place = placeBelow(root, path, { follow: true });
  const found: string[] = [];
  if (place.names.length > 0) return found;
  await walkTree(place.directory, { concurrency: 1 }, async (entry) => {
    if (entry.kind === "directory") found.push(posix.join(path, entry.path().toString()));
  });
  return found;
}

function textOf(name: string): string {
  return Buffer.from(name, "latin1").toString();
}

function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}
