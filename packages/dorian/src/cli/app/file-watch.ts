import { Notifier } from "@dorian/base/notifier";
import { existsSync, type FSWatcher, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Editors write a file in several steps, and version control many files: what follows within this time is one change. */
const settleMs = 150;
/** A change that does not come to rest is told all the same. */
const longestMs = 2_000;

export interface WatchTargets {
  /** Files that need not be there yet. */
  files: Iterable<string>;
  /** Directories of which each file counts, but for those that the function leaves out. */
  directories?: Iterable<readonly [path: string, counts: (name: string) => boolean]>;
}

interface WatchedDirectory {
  watcher: FSWatcher;
  /** Another one under the same path is to be watched anew. */
  inode: number;
  counts: (name: string) => boolean;
}

/** Tells of changes to files. Their directories are watched, because editors replace files; above one that is gone, its return. */
export class FileWatch implements Disposable {
  #directories = new Map<string, WatchedDirectory>();
  #changed = new Set<string>();
  #notifier = new Notifier();

  /** Watches these instead of those before. What changed before is still told, where it still counts. */
  setTargets({ files, directories = [] }: WatchTargets): void {
    const wanted = new Map<string, ((name: string) => boolean)[]>();
    const add = (directory: string, counts: (name: string) => boolean): void => {
      if (existsSync(directory) || dirname(directory) === directory)
        wanted.set(directory, [...(wanted.get(directory) ?? []), counts]);
      else add(dirname(directory), (name) => name === basename(directory));
    };
    for (const path of new Set(files)) add(dirname(path), (name) => name === basename(path));
    for (const [path, counts] of directories) {
      add(path, counts);
      add(dirname(path), (name) => name === basename(path));
    }
    for (const directory of this.#directories.keys()) if (!wanted.has(directory)) this.#forget(directory);
    for (const [directory, counts] of wanted) {
      this.#watch(directory, (name) => counts.some((each) => each(name)));
    }
  }

  // A watch that goes on is kept: closing it would lose what it has not told yet.
  #watch(directory: string, counts: (name: string) => boolean): void {
    const inode = statSync(directory, { throwIfNoEntry: false })?.ino;
    const known = this.#directories.get(directory);
    if (known && known.inode === inode) {
      known.counts = counts;
      return;
    }
    this.#forget(directory);
    // One that went away meanwhile is told by the directory above it.
    if (inode === undefined) return;
    const watcher = watch(directory, (_event, name) => {
      if (name === null || !this.#directories.get(directory)?.counts(name)) return;
      this.#changed.add(join(directory, name));
      this.#notifier.notify();
    });
    watcher.on("error", () => this.#forget(directory));
    this.#directories.set(directory, { watcher, inode, counts });
  }

  #forget(directory: string): void {
    this.#directories.get(directory)?.watcher.close();
    this.#directories.delete(directory);
  }

  /** The files of each change, once they have settled; what changes while one is dealt with is the next. Ends with `signal`. */
  async *changes({ signal }: { signal: AbortSignal }): AsyncGenerator<string[]> {
    while (!signal.aborted) {
      try {
        while (this.#changed.size === 0) await this.#notifier.wait({ signal });
        const latestMs = performance.now() + longestMs;
        while (performance.now() < latestMs && (await this.#notifier.wait({ signal, timeoutMs: settleMs }))) {
          // Another one came.
        }
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      const paths = [...this.#changed];
      this.#changed.clear();
      yield paths;
    }
  }

  [Symbol.dispose](): void {
    for (const directory of this.#directories.keys()) this.#forget(directory);
  }
}
