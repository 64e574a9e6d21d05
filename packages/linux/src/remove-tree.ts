import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { concurrently } from "@dorian/base/concurrently";
import { clearProtection } from "./inode-flags.ts";
import { type EntryName, OpenDirectory } from "./open-directory.ts";
import { rename, rmdir, unlink } from "./tree-calls.ts";
import { readEntries } from "./walk-tree.ts";

/** Deeper directories are moved up to the root of the tree first, so that few are open at a time. */
const maxDepth = 48;
/** Directories that are noted before they are gone into: a listing of millions is worked off in parts. */
const maxPending = 1_000;
/** Files that are removed at a time: as many as Node has threads for them. */
const concurrency = 4;
/** How often a directory is emptied anew because something was put in it meanwhile. */
const maxRounds = 100;

/**
 * Removes a file, or a directory with all that is in it; nothing there is fine. It may be of any depth, have any names,
 * and be changed meanwhile: nothing outside of it is touched, and no mount is entered.
 *
 * @throws AppError TREE_NOT_REMOVED; what could be removed is gone then
 */
export async function removeTree(path: string, options: { signal?: AbortSignal } = {}): Promise<void> {
  let parent;
  try {
    parent = OpenDirectory.open(dirname(path));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  using directory = parent;
  await removeEntry(directory, basename(path), options);
}

/** Removes as {@link removeTree} does an entry of a directory. */
export async function removeEntry(
  parent: OpenDirectory,
  name: EntryName,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const place = `${parent.realPath()}/${name.toString()}`;
  try {
    if (await removeLeaf(parent, name)) return;
    await removeDirectory(parent, name, options.signal);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw notRemoved(place, cause);
  }
}

interface Frame {
  parent: OpenDirectory;
  name: EntryName;
  directory: OpenDirectory;
  pending: Buffer[];
  /** All that is in it has been seen. */
  isListed: boolean;
  rounds: number;
}

async function removeDirectory(
  parent: OpenDirectory,
  name: EntryName,
  signal: AbortSignal | undefined,
): Promise<void> {
  const root = enter(parent, name);
  const frames = root ? [root] : [];
  try {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      signal?.throwIfAborted();
      if (!frame.isListed && frame.pending.length === 0) await clear(frame);
      const next = frame.pending.pop();
      if (next !== undefined) {
        const child = enter(frame.directory, next);
        if (child === undefined) await removeLeaf(frame.directory, next);
        else if (frames.length < maxDepth || !(await movedUp(child, frames[0] ?? frame))) frames.push(child);
      } else if (frame.isListed && (await removeEmpty(frame))) {
        frame.directory[Symbol.dispose]();
        frames.pop();
      }
    }
  } finally {
    for (const frame of frames) frame.directory[Symbol.dispose]();
  }
}

/** Undefined when it is no directory (any more). Throws EXDEV for a mount. */
function enter(parent: OpenDirectory, name: EntryName): Frame | undefined {
  try {
    const directory = parent.directory(name);
    return { parent, name, directory, pending: [], isListed: false, rounds: 0 };
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** Removes all but the directories, which it notes. What cannot be removed keeps nothing else. */
async function clear(frame: Frame): Promise<void> {
  const { directory, pending } = frame;
  const failures: unknown[] = [];
  await concurrently(leaves(frame), { limit: concurrency }, async (name) => {
    try {
      if (!(await removeLeaf(directory, name))) pending.push(name);
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
}

async function* leaves(frame: Frame): AsyncGenerator<Buffer> {
  const { directory, pending } = frame;
  frame.isListed = true;
  for await (const entry of await readEntries(directory)) {
    const name = Buffer.from(entry.name, "latin1");
    if (!entry.isDirectory()) yield name;
    else if (pending.push(name) >= maxPending) {
      frame.isListed = false;
      return;
    }
  }
}

/** False when it is a directory. */
async function removeLeaf(parent: OpenDirectory, name: EntryName): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      await unlink(parent.at(name));
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return true;
      if (errno === "EISDIR") return false;
      if (errno !== "EPERM" || attempt > 1 || !unprotect(parent, name)) throw error;
    }
  }
}

/** False when it was not empty: it must be listed again. */
async function removeEmpty(frame: Frame): Promise<boolean> {
  const { parent, name } = frame;
  for (let attempt = 1; ; attempt++) {
    try {
      await rmdir(parent.at(name));
      return true;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ENOENT") return true;
      // Somebody put a file or a link in its place.
      if (errno === "ENOTDIR") return await removeLeaf(parent, name);
      if (errno === "ENOTEMPTY" && ++frame.rounds < maxRounds) {
        frame.isListed = false;
        return false;
      }
      if (errno !== "EPERM" || attempt > 1 || !unprotect(parent, name)) throw error;
    }
  }
}

/** False where directories cannot be moved, as in an overlay: then the way down is as long as the tree is deep. */
async function movedUp(child: Frame, root: Frame): Promise<boolean> {
  const name = Buffer.from(`.dorian-${randomBytes(12).toString("hex")}`);
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(child.parent.at(child.name), root.directory.at(name));
      break;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "EXDEV") return false;
      if (errno === "ENOENT") break;
      const unprotected = unprotect(child.parent, child.name) || clearProtection(`${root.directory.path}/.`);
      if (errno !== "EPERM" || attempt > 2 || !unprotected) throw error;
    }
  }
  child.directory[Symbol.dispose]();
  root.pending.push(name);
  return true;
}

function unprotect(parent: OpenDirectory, name: EntryName): boolean {
  return [clearProtection(parent.at(name)), clearProtection(`${parent.path}/.`)].includes(true);
}

function notRemoved(path: string, cause: unknown): AppError {
  const why = errnoOf(cause) ?? String(cause);
  return new AppError("TREE_NOT_REMOVED", `${path} could not be removed whole: ${why}.`, {
    status: "INTERNAL",
    remedy: "See what is left there: a mount, or a process that goes on writing. End that, then remove it.",
    cause,
  });
}
