import { mkdirSync } from "node:fs";
import { readdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sleep } from "@dorian/base/sleep";
import { FileLock } from "@dorian/linux/file-lock";
import { removeTree } from "@dorian/linux/remove-tree";
import type { Logger } from "pino";
import { reapLeftovers } from "./reap-leftovers.ts";

/** Long enough for whoever keeps a worker running to have started it again: it clears up after itself. */
const everyMs = 10 * 60_000;
const pollMs = 50;

/** The runtime directories of this machine's workers, named by instance, lie beside each other, and their locks below this. */
const locksName = "workers";
const instancePattern = /^[0-9a-f]{8}$/;

/** Shows the other workers of this machine that the one of `runtimeDirectory` lives: the kernel lets go when it does not. */
export async function showAlive(
  { instance, runtimeDirectory }: { instance: string; runtimeDirectory: string },
  options: { signal: AbortSignal },
): Promise<AsyncDisposable> {
  const directory = join(dirname(runtimeDirectory), locksName);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, instance);
  for (;;) {
    const lock = FileLock.tryAcquire(path);
    if (lock) return held(lock, path);
    // Another worker clears up here just now: it takes this one for dead, as it was.
    await sleep(pollMs, options);
  }
}

export interface DeadWorkersOptions {
  /** The worker that looks for others. */
  instance: string;
  runtimeDirectory: string;
  logger: Logger;
}

/**
 * Clears what workers left that were killed and are not started again, because their data directory is gone or out of use:
 * containers that go on running, mounts, and the network. A worker that is found dead twice, with a pause in between, is not
 * coming back.
 */
export class DeadWorkers implements Disposable {
  #options: DeadWorkersOptions;
  #suspects = new Set<string>();
  #timer: NodeJS.Timeout;

  constructor(options: DeadWorkersOptions) {
    this.#options = options;
    const sweep = () =>
      this.sweep().catch((error: unknown) =>
        options.logger.warn({ err: error }, "what dead workers left could not be cleared"),
      );
    this.#timer = setInterval(() => void sweep(), everyMs).unref();
  }

  /** Returns the instances that were cleared. */
  async sweep(): Promise<string[]> {
    const { instance, runtimeDirectory, logger } = this.#options;
    const beside = dirname(runtimeDirectory);
    const cleared: string[] = [];
    for (const name of await readdir(join(beside, locksName))) {
      if (!instancePattern.test(name) || name === instance) continue;
      const path = join(beside, locksName, name);
      const lock = FileLock.tryAcquire(path);
      if (!lock) {
        this.#suspects.delete(name);
        continue;
      }
      using _lock = lock;
      if (!this.#suspects.has(name)) {
        this.#suspects.add(name);
        continue;
      }
      const itsDirectory = join(beside, name);
      const reaped = await reapLeftovers({
        instance: name,
        runtimeDirectory: itsDirectory,
        discard: removeTree,
      });
      await removeTree(itsDirectory);
      await unlink(path);
      this.#suspects.delete(name);
      cleared.push(name);
      logger.info({ instance: name, reaped }, "cleared what a worker left that is not coming back");
    }
    return cleared;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

function held(lock: FileLock, path: string): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      using _lock = lock;
      await unlink(path);
    },
  };
}
