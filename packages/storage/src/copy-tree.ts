import { errnoOf } from "@dorian/base/app-error";
import { concurrently } from "@dorian/base/concurrently";
import { fileName } from "@dorian/base/file-name";
import { TurnsByKey } from "@dorian/base/turns";
import { copyAttributes } from "@dorian/linux/extended-attributes";
import { setFileTimes } from "@dorian/linux/file-times";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { chmod, lchown, link, lstat, mkdir, readEntriesOf } from "@dorian/linux/tree-calls";
import { walkTree } from "@dorian/linux/walk-tree";
import type { BigIntStats } from "node:fs";
import { join } from "node:path";
import { copyLeaf } from "./link-file.ts";

const concurrency = 16;

/** How large a tree is: all that is no directory, and the bytes of its files, each name counted. */
export interface TreeSize {
  files: number;
  bytes: number;
}

export async function measureTree(root: string, options: { signal?: AbortSignal } = {}): Promise<TreeSize> {
  const size = { files: 0, bytes: 0 };
  await walkTree(root, { concurrency, ...options }, async ({ at, kind }) => {
    if (kind === "directory") return;
    size.files += 1;
    if (kind !== "file") return;
    const { size: bytes } = await lstat(at);
    size.bytes += bytes;
  });
  return size;
}

/**
 * Copies trees that nobody changes, each exactly: owners, permissions, times, extended attributes, device nodes. On one file system the
 * files of a copy are further names of the same ones. On another each is copied once, however many names it has, in whichever
 * of the trees.
 */
export class TreeCopier {
  readonly #options: { signal: AbortSignal; onBytes: (bytes: number) => void };
  /** Where files with several names were copied to. */
  readonly #copied = new Map<string, { tree: { path: string }; below: string }>();
  /** Names of one file come one after the other, so that the second finds the copy of the first. */
  readonly #turns = new TurnsByKey<string>();
  #canLink = true;

  constructor(options: { signal: AbortSignal; onBytes: (bytes: number) => void }) {
    this.#options = options;
  }

  /** False once a file could not be given another name: the copies are elsewhere. */
  get canLink(): boolean {
    return this.#canLink;
  }

  /** Remembers that `copy` is a copy of `source`, so that what they have in common with others is not copied again. */
  async know(source: string, copy: string): Promise<void> {
    const tree = { path: copy };
    await walkTree(source, { concurrency, signal: this.#options.signal }, async ({ at, kind, path }) => {
      if (kind === "directory") return;
      const stats = await lstat(at, { bigint: true });
      if (stats.nlink > 1n) this.#copied.set(identityOf(stats), { tree, below: fileName(path()) });
    });
  }

  /** Makes the directory `target`, which must not exist, a copy of `source`. Returns how to say that it was moved. */
  async copy(source: string, target: string): Promise<{ movedTo(path: string): void }> {
    const tree = { path: target };
    await mkdir(target);
    using from = OpenDirectory.open(source);
    using to = OpenDirectory.open(target);
    await this.#fill(from, to, { tree, below: "" });
    await finishDirectory(source, target);
    return { movedTo: (path) => void (tree.path = path) };
  }

  async #fill(
    from: OpenDirectory,
    to: OpenDirectory,
    place: { tree: { path: string }; below: string },
  ): Promise<void> {
    const { signal } = this.#options;
    const entries = await readEntriesOf(from.path);
    const leaves = entries.filter((entry) => !entry.isDirectory());
    await concurrently(leaves, { limit: concurrency, signal }, ({ name }) =>
      this.#copyFile(from, to, { name, tree: place.tree, below: join(place.below, name) }),
    );
    for (const { name } of entries.filter((entry) => entry.isDirectory())) {
      await mkdir(to.at(name));
      {
        using source = from.directory(name);
        using target = to.directory(name);
        await this.#fill(source, target, { tree: place.tree, below: join(place.below, name) });
      }
      await finishDirectory(from.at(name), to.at(name));
    }
  }

  async #copyFile(
    from: OpenDirectory,
    to: OpenDirectory,
    file: { name: string; tree: { path: string }; below: string },
  ): Promise<void> {
    const [source, target] = [from.at(file.name), to.at(file.name)];
    const stats = await lstat(source, { bigint: true });
    if (!(await this.#linked(source, target))) {
      const copy = () => this.#copyOnce(from, { ...file, target, stats });
      await (stats.nlink > 1n ? this.#turns.take(identityOf(stats), copy) : copy());
    }
    if (stats.isFile()) this.#options.onBytes(Number(stats.size));
  }

  async #copyOnce(
    from: OpenDirectory,
    file: { name: string; tree: { path: string }; below: string; target: string; stats: BigIntStats },
  ): Promise<void> {
    const { name, target, stats } = file;
    if (await this.#linkedToCopy(stats, target)) return;
    await copyLeaf(from, name, target);
    if (!stats.isSymbolicLink()) copyAttributes(from.at(name), target, { withOverlay: true });
    // An attribute that was set is a change of the file.
    setFileTimes(target, stats);
    if (stats.nlink > 1n) this.#copied.set(identityOf(stats), file);
  }

  async #linked(source: string, target: string): Promise<boolean> {
    if (!this.#canLink) return false;
    try {
      await link(source, target);
      return true;
    } catch (error) {
      if (errnoOf(error) === "EXDEV") this.#canLink = false;
      else if (errnoOf(error) !== "EMLINK") throw error;
      return false;
    }
  }

  async #linkedToCopy(stats: BigIntStats, target: string): Promise<boolean> {
    const known = stats.nlink > 1n ? this.#copied.get(identityOf(stats)) : undefined;
    if (!known) return false;
    try {
      await link(join(known.tree.path, known.below), target);
      return true;
    } catch (error) {
      // It is gone, or has as many names as it can have: the next one is linked to the new copy.
      if (errnoOf(error) === "ENOENT" || errnoOf(error) === "EMLINK") return false;
      throw error;
    }
  }
}

/** What a directory is given when all is in it: each entry that is made changes its times. */
async function finishDirectory(source: string, target: string): Promise<void> {
  const stats = await lstat(source, { bigint: true });
  copyAttributes(source, target, { withOverlay: true });
  await lchown(target, Number(stats.uid), Number(stats.gid));
  await chmod(target, Number(stats.mode) & 0o7777);
  setFileTimes(target, stats);
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
