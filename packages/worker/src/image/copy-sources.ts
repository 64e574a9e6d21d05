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

/** What a source of COPY names. There may be many: none is held open. */
export interface FoundSource {
  root: OpenDirectory;
  path: string;
  /** A link's own name counts, not that of what it leads to. */
  shownName: string;
  kind: "file" | "directory" | "other";
}

/** What a path leads to, open. */
export interface OpenSource extends CopySource, FoundSource, Disposable {
  name: string;
}

/** Bytes of all the paths that a pattern may come to: a hundred thousand of them. */
const maxFoundBytes = 16 * 2 ** 20;
/** What a text takes beside its letters. */
const textBytes = 64;

/** What a path leads to; always below the root, whatever its links and dots say. Undefined when nothing is there. */
export async function sourceAt(root: OpenDirectory, path: string): Promise<OpenSource | undefined> {
  using place = placeBelow(root, path, { follow: true });
  const [name = ".", ...missing] = place.names;
  if (missing.length > 0) return undefined;
  const stats = await unlessAbsent(lstat(place.directory.at(name)));
  if (!stats) return undefined;
  const directory = place.directory.directory(".");
  const kind = stats.isDirectory() ? "directory" : stats.isFile() ? "file" : "other";
  const shownName = basename(posix.join("/", path));
  return {
    root,
    path,
    directory,
    name,
    shownName,
    kind,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

/** A source as written, or as a pattern. */
export async function sourcesIn(root: OpenDirectory, source: string): Promise<FoundSource[]> {
  const plain = posix.join("/", source);
  const exact = await foundAt(root, plain);
  if (exact) return [exact];
  if (!isPattern(plain)) return [];
  const found: FoundSource[] = [];
  for (const path of (await matching(root, plain.slice(1))).toSorted()) {
    const match = await foundAt(root, path);
    if (match) found.push(match);
  }
  return found;
}

async function foundAt(root: OpenDirectory, path: string): Promise<FoundSource | undefined> {
  using source = await sourceAt(root, path);
  return source && { root, path, shownName: source.shownName, kind: source.kind };
}

/** Paths that a pattern may stand for, part by part. */
async function matching(root: OpenDirectory, pattern: string): Promise<string[]> {
  let paths = [""];
  for (const part of pattern.split("/")) {
    const next = new FoundPaths(pattern);
    const takes = namePattern(part) ?? (() => false);
    for (const path of paths) {
      if (part === "**") await addDirectoriesBelow(root, path, next);
      else if (!isPattern(part)) next.add(posix.join(path, part));
      else await addNamesIn(root, path, takes, next);
    }
    paths = next.all;
  }
  return paths;
}

/** Paths, each once: several `**` lead to one place in many ways. */
class FoundPaths {
  readonly #pattern: string;
  readonly #paths = new Set<string>();
  #bytes = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get all(): string[] {
    return [...this.#paths];
  }

  /** @throws AppError COPY_TOO_MANY */
  add(path: string): void {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#bytes += path.length + textBytes;
    if (this.#bytes > maxFoundBytes) throw tooMany(this.#pattern);
  }
}

async function addNamesIn(
  root: OpenDirectory,
  path: string,
  takes: (name: string) => boolean,
  found: FoundPaths,
): Promise<void> {
  using place = placeBelow(root, path, { follow: true });
  if (place.names.length > 0) return;
  for await (const entry of await readEntries(place.directory)) {
    const name = textOf(entry.name);
    if (!takes(name)) continue;
    if (!isUtf8(Buffer.from(entry.name, "latin1"))) throw notText(posix.join("/", path, name));
    found.add(posix.join(path, name));
  }
}

async function addDirectoriesBelow(root: OpenDirectory, path: string, found: FoundPaths): Promise<void> {
  found.add(path);
  using place = placeBelow(root, path, { follow: true });
  if (place.names.length > 0) return;
  await walkTree(place.directory, { concurrency: 1 }, async (entry) => {
    if (entry.kind === "directory") found.add(posix.join(path, entry.path().toString()));
  });
}

function textOf(name: string): string {
  return Buffer.from(name, "latin1").toString();
}

export function isPattern(text: string): boolean {
  return /[*?[]/.test(text);
}

function tooMany(pattern: string): AppError {
  return new AppError(
    "COPY_TOO_MANY",
    `The pattern "${pattern.slice(0, 200)}" fits more paths than can be held.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Copy a directory that they are in, or use a pattern that fits fewer.",
    },
  );
}

function notText(path: string): AppError {
  return new AppError("COPY_NAME_NOT_TEXT", `${path} has a name that is not UTF-8.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Copy the directory that it is in: what is below is taken as it is.",
  });
}
