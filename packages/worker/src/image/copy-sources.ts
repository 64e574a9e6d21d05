import { isUtf8 } from "node:buffer";
import { lstat } from "node:fs/promises";
import { basename, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import { readEntries, walkTree } from "@dorian/linux/walk-tree";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { CopySource } from "./copy-tree.ts";
import { namePattern } from "./name-pattern.ts";

/** What a source of COPY names. */
export interface FoundSource extends CopySource, Disposable {
  name: string;
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
      else for (const name of await namesIn(root, path, takes)) next.push(posix.join(path, name));
    }
    // Several `**` lead to one place in many ways.
    paths = [...new Set(next)];
  }
  return paths;
}

async function namesIn(
  root: OpenDirectory,
  path: string,
  takes: (name: string) => boolean,
): Promise<string[]> {
  using place = placeBelow(root, path, { follow: true });
  if (place.names.length > 0) return [];
  const names: string[] = [];
  for await (const entry of await readEntries(place.directory)) {
    const name = textOf(entry.name);
    if (!takes(name)) continue;
    if (!isUtf8(Buffer.from(entry.name, "latin1"))) throw notText(posix.join("/", path, name));
    names.push(name);
  }
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

export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

function notText(path: string): AppError {
  return new AppError("COPY_NAME_NOT_TEXT", `${path} has a name that is not UTF-8.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Copy the directory that it is in: what is below is taken as it is.",
  });
}
