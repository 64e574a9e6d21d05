import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileLock } from "@dorian/linux/file-lock";
import { must } from "@dorian/base/must";
import { removeTree } from "@dorian/linux/remove-tree";
import type { SetAside } from "./set-aside.ts";

/**
 * A directory for things that are not finished. Several processes share its parent; each has a part of its own, and a
 * lock on it, so that the part of a process that died is recognised and cleared by the next one to come.
 */
export class DraftSpace implements AsyncDisposable {
  readonly #directory: string;
  readonly #lock: FileLock;
  readonly #aside: SetAside;

  private constructor(directory: string, lock: FileLock, aside: SetAside) {
    this.#directory = directory;
    this.#lock = lock;
    this.#aside = aside;
  }

  /** Clears what dead processes left in `parent` and makes a new part there. */
  static async open(parent: string, aside: SetAside): Promise<DraftSpace> {
    await mkdir(parent, { recursive: true });
    for (const entry of await readdir(parent, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const directory = join(parent, entry.name);
      using lock = FileLock.tryAcquire(lockOf(directory));
      if (lock) await putAside(directory, aside);
    }
    const directory = join(parent, randomBytes(8).toString("hex"));
    // The lock comes before the directory: at no moment is there a directory that looks abandoned.
    const lock = must(FileLock.tryAcquire(lockOf(directory)), "the lock of a new draft space");
    try {
      await mkdir(directory);
    } catch (error) {
      await removeTree(lockOf(directory));
      lock[Symbol.dispose]();
      throw error;
    }
    return new DraftSpace(directory, lock, aside);
  }

  /** A path where nothing is yet, on the file system of the parent. */
  newPath(): string {
    return join(this.#directory, randomBytes(8).toString("hex"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await putAside(this.#directory, this.#aside);
    this.#lock[Symbol.dispose]();
  }
}

function lockOf(directory: string): string {
  return `${directory}.lock`;
}

async function putAside(directory: string, aside: SetAside): Promise<void> {
  await aside.put(directory);
  await removeTree(lockOf(directory));
}
