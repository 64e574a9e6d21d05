import { AsyncQueue } from "@dorian/base/async-queue";
import { sleep } from "@dorian/base/sleep";
import { onAbort } from "@dorian/base/on-abort";
import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";

/** Editors write a file in several steps; what comes within this time is one change. */
const settleMs = 150;

/** Tells of changes to a set of files. Their directories are watched, because editors replace files. */
export class FileWatch implements Disposable {
  #watchers = new Map<string, FSWatcher>();
  #files = new Set<string>();
  #changes = new AsyncQueue<string>();

  /** Watches these files instead of those before. */
  setFiles(paths: string[]): void {
    this.#files = new Set(paths);
    const directories = new Set(paths.map((path) => dirname(path)));
    for (const [directory, watcher] of this.#watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue;
      const watcher = watch(directory, (_event, name) => {
        const path = name === null ? undefined : join(directory, name);
        if (path !== undefined && this.#files.has(path)) this.#changes.push(path);
      });
      watcher.on("error", (error) => this.#changes.fail(error));
      this.#watchers.set(directory, watcher);
    }
  }

  /** The files of each change, once they have settled. Ends when `signal` aborts. */
  async *changes(options: { signal: AbortSignal }): AsyncGenerator<string[]> {
    const { signal } = options;
    const end = () => this.#changes.end();
    onAbort(signal, end);
    if (signal.aborted) end();
    const pending = new Set<string>();
    let settled: Promise<void> | undefined;
    const ready = new AsyncQueue<string[]>();
    const collect = async () => {
      for await (const path of this.#changes) {
        pending.add(path);
        settled ??= sleep(settleMs, { signal })
          .catch(() => undefined)
          .then(() => {
            settled = undefined;
            ready.push([...pending]);
            pending.clear();
          });
      }
      ready.end();
    };
    collect().catch((error: unknown) => ready.fail(error));
    yield* ready;
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    this.#changes.end();
  }
}
