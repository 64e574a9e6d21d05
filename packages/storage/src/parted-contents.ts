import { constants } from "node:fs";
import { lstat, mkdir, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { FileDigests } from "@dorian/base/file-digests";
import { must } from "@dorian/base/must";
import { SharedWork } from "@dorian/base/shared-work";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { removeTree } from "@dorian/linux/remove-tree";
import { sharedMode } from "./file-content.ts";
import { PlaceTurn } from "./place-turn.ts";
import { type Content, receiveBytes, type WriteChunks, writeChunksAt } from "./receive-content.ts";
import { SharedFlush } from "./shared-flush.ts";
import { storing } from "./storage-error.ts";

export interface PartedContentsOptions {
  directory: string;
  digests: FileDigests;
  /** A path for what is about to be published. */
  newPath(): string;
  /** Makes a file that is on disk the one of its content. */
  publish(path: string, sha: string): Promise<void>;
}

interface Receiving {
  /** By where their parts begin. */
  turns: Map<number, PlaceTurn>;
  flush: SharedFlush;
}

/**
 * Contents that come in parts, in any order: each part is written in its place of one file, which becomes the content when
 * all are there.
 */
export class PartedContents {
  readonly #options: PartedContentsOptions;
  readonly #receiving = new Map<string, Receiving>();
  readonly #completing = new SharedWork<string, { sha: string; size: number } | undefined>();

  constructor(options: PartedContentsOptions) {
    this.#options = options;
  }

  /**
   * Writes a part of the content `name`. Whoever sends the same part later takes its place.
   *
   * @throws AppError PART_REPLACED, STORAGE_FULL
   */
  async receive(
    source: Content,
    { name, start, signal }: { name: string; start: number; signal?: AbortSignal | undefined },
  ): Promise<{ md5: string; size: number }> {
    const receiving = this.#receiving.get(name) ?? { turns: new Map(), flush: new SharedFlush() };
    this.#receiving.set(name, receiving);
    const { turns, flush } = receiving;
    const before = turns.get(start);
    const turn = new PlaceTurn();
    turns.set(start, turn);
    try {
      await before?.stop();
      return await storing(this.#options.directory, async () => {
        await mkdir(this.#options.directory, { recursive: true });
        await using file = await open(this.#pathOf(name), constants.O_RDWR | constants.O_CREAT, sharedMode);
        const write: WriteChunks = (chunks, position) =>
          turn.write(() => writeChunksAt(file, chunks, start + position));
        const size = await receiveBytes(source, write, signal);
        const { digests } = await this.#options.digests.of(file, { start, end: start + size }, ["md5"]);
        await turn.write(() => flush.run(() => file.datasync()));
        if (turn.isStopped) throw replaced(name, start);
        return { md5: must(digests[0], "the digest that was asked for"), size };
      });
    } finally {
      if (turns.get(start) === turn) turns.delete(start);
      if (turns.size === 0 && this.#receiving.get(name) === receiving) this.#receiving.delete(name);
    }
  }

  /**
   * Makes content of `size` bytes of the parts that are there; undefined when there are none. Who asks for it twice at the same
   * time gets the same answer.
   *
   * @throws AppError STORAGE_FULL
   */
  async complete(name: string, size: number): Promise<{ sha: string; size: number } | undefined> {
    return await this.#completing.run(name, async () => {
      const path = this.#options.newPath();
      try {
        // From here on whatever is sent begins anew, and nobody writes to this file.
        const moved = rename(this.#pathOf(name), path).then(() => true);
        if (!(await unlessAbsent(moved))) return undefined;
        for (const turn of this.#receiving.get(name)?.turns.values() ?? []) await turn.stop();
        this.#receiving.delete(name);
        return await storing(this.#options.directory, async () => {
          await using file = await open(path, "r+");
          await file.truncate(size);
          // Whatever this process's umask took off.
          await file.chmod(sharedMode);
          await file.datasync();
          const sha = await this.#options.digests.sha256(file, { start: 0, end: size });
          await this.#options.publish(path, sha);
          return { sha, size };
        });
      } finally {
        await removeTree(path);
      }
    });
  }

  /** Removes what nobody has sent parts of since a time in milliseconds. */
  async collect(before: number): Promise<void> {
    for (const name of (await unlessAbsent(readdir(this.#options.directory))) ?? []) {
      const stats = await unlessAbsent(lstat(this.#pathOf(name)));
      if (stats && stats.ctimeMs < before && !this.#receiving.has(name)) await removeTree(this.#pathOf(name));
    }
  }

  #pathOf(name: string): string {
    return join(this.#options.directory, name);
  }
}

function replaced(name: string, start: number): AppError {
  return new AppError(
    "PART_REPLACED",
    `The part of ${name} from byte ${start} on was sent again, or the upload completed, before all of it was here.`,
    { status: "ABORTED", remedy: "Wait for the answer to what was sent last." },
  );
}
