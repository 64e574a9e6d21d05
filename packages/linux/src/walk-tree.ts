import type { Dirent } from "node:fs";
import { opendir, readdir } from "node:fs/promises";
import { identityOf, treeChanged } from "./descent.ts";
import { concurrently } from "@dorian/base/concurrently";
import { OpenDirectory } from "./open-directory.ts";

/** What a walk comes by. Usable while the visit lasts. */
export interface WalkedEntry {
  directory: OpenDirectory;
  name: Buffer;
  /** A path for Node's calls that do not follow links. */
  at: Buffer;
  kind: "file" | "directory" | "link" | "other";
  /** Bytes of the path from the root of the walk. */
  pathBytes: number;
  /** The path, without a slash in front. */
  path(): Buffer;
}

export interface WalkOptions {
  /** Visits at a time. */
  concurrency: number;
  signal?: AbortSignal;
}

/** Entries that one read of a directory asks for: the event loop goes round between two reads. */
const readAhead = 64;
/** Size of a directory that holds some thousand names at most, whatever the file system. */
const smallDirectoryBytes = 64 * 1024;

/**
 * Visits every entry below `root`, a directory before what it holds, whatever its depth, its names and what others do to
 * it meanwhile. Links are not followed and mounts not entered; what vanishes is passed over. The first failed visit ends
 * the walk, and is thrown when no visit runs any more.
 *
 * @throws AppError TREE_CHANGED when a directory is moved away during the walk
 */
export async function walkTree(
  root: string | OpenDirectory,
  options: WalkOptions,
  visit: (entry: WalkedEntry) => Promise<unknown>,
): Promise<void> {
  await concurrently(
    entriesBelow(root, options),
    { limit: options.concurrency },
    async ({ frame, name, kind }) => {
      const { hold } = frame;
      hold.use();
      try {
        await visit({
          directory: hold.directory,
          name,
          at: hold.directory.at(name),
          kind,
          pathBytes: frame.pathBytes + name.length,
          path: () => pathOf(frame, name),
        });
      } finally {
        hold.letGo();
      }
    },
  );
}

interface FoundEntry {
  frame: Frame;
  name: Buffer;
  kind: WalkedEntry["kind"];
}

/** A directory is open until the next entry is asked for; whoever needs it longer holds it. */
async function* entriesBelow(
  root: string | OpenDirectory,
  { signal }: Pick<WalkOptions, "signal">,
): AsyncGenerator<FoundEntry> {
  const directory = typeof root === "string" ? OpenDirectory.open(root) : root.directory(".");
  const frames = [new Frame(directory, undefined, Buffer.alloc(0))];
  try {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      signal?.throwIfAborted();
      if (!frame.isListed) yield* list(frame);
      const name = frame.pending.pop();
      if (name === undefined) {
        leave(frames);
        continue;
      }
      const child = frame.directory.tryDirectory(name);
      if (child) frames.push(new Frame(child, frame, name));
      if (child && frames.length > openFrames) frame.hold.release();
    }
  } finally {
    for (const frame of frames) frame.hold.release();
  }
}

async function* list(frame: Frame): AsyncGenerator<FoundEntry> {
  frame.isListed = true;
  for await (const entry of await readEntries(frame.directory)) {
    const name = Buffer.from(entry.name, "latin1");
    const kind = kindOf(entry);
    if (kind === "directory") frame.pending.push(name);
    yield { frame, name, kind };
  }
}

/**
 * Directories on the way down that stay open. Below, only the last one is: the one above is found again by "..", and
 * must be the same.
 */
const openFrames = 64;

class Frame {
  readonly above: Frame | undefined;
  readonly name: Buffer;
  readonly pathBytes: number;
  hold: Hold;
  isListed = false;
  pending: Buffer[] = [];
  readonly #identity: string;

  constructor(directory: OpenDirectory, above: Frame | undefined, name: Buffer) {
    this.hold = new Hold(directory);
    this.above = above;
    this.name = name;
    this.pathBytes = above === undefined ? 0 : above.pathBytes + name.length + 1;
    this.#identity = identityOf(directory);
  }

  get directory(): OpenDirectory {
    return this.hold.directory;
  }

  /** Opens it again from a directory in it. */
  reopenFrom(child: OpenDirectory): void {
    const directory = child.parent();
    if (identityOf(directory) === this.#identity) {
      this.hold = new Hold(directory);
      return;
    }
    directory[Symbol.dispose]();
    throw treeChanged(child);
  }
}

/** A directory that is closed when the walk has left it and no visit uses it any more. */
class Hold {
  readonly directory: OpenDirectory;
  isReleased = false;
  #users = 1;

  constructor(directory: OpenDirectory) {
    this.directory = directory;
  }

  use(): void {
    this.#users += 1;
  }

  letGo(): void {
    this.#users -= 1;
    if (this.#users === 0) this.directory[Symbol.dispose]();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.letGo();
  }
}

/** The entries of a directory, not too many at a time. Their names are bytes, one to a character. */
export async function readEntries(
  directory: OpenDirectory,
): Promise<Iterable<Dirent> | AsyncIterable<Dirent>> {
  // Most are small, and one call is faster than the four that a listing in parts takes.
  if (directory.stat().size <= smallDirectoryBytes) {
    return await readdir(directory.path, { encoding: "latin1", withFileTypes: true });
  }
  return await opendir(directory.path, { encoding: "latin1", bufferSize: readAhead });
}

function pathOf(directory: Frame, name: Buffer): Buffer {
  const names = [name];
  for (let frame = directory; frame.above; frame = frame.above) names.push(slash, frame.name);
  return Buffer.concat(names.toReversed());
}

function leave(frames: Frame[]): void {
  const left = frames.pop();
  const above = frames.at(-1);
  if (left === undefined) return;
  try {
    if (above?.hold.isReleased) above.reopenFrom(left.directory);
  } finally {
    left.hold.release();
  }
}

function kindOf(entry: Dirent): WalkedEntry["kind"] {
  if (entry.isDirectory()) return "directory";
  if (entry.isFile()) return "file";
  return entry.isSymbolicLink() ? "link" : "other";
}

const slash = Buffer.from("/");
