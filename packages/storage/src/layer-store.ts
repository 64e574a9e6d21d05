import { unlessAbsent } from "@dorian/base/unless-absent";
import { lstat, mkdir, readdir, realpath, rename } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { isId, newId } from "@dorian/base/ids";
import { wallClockMs } from "@dorian/base/wall-clock";
import { walkTree } from "@dorian/linux/walk-tree";
import { DraftSpace } from "./draft-space.ts";
import { flushDirectory, flushTree, type FlushOptions } from "./flush-tree.ts";
import { type OnLeftover, SetAside } from "./set-aside.ts";
import { forgetUnshared, shareLargeFiles } from "./shared-files.ts";
import { storing } from "./storage-error.ts";

const concurrency = 16;
const removalPatienceMs = 10_000;

export interface SealOptions {
  /** Return only when a power cut can no longer take the layer away. */
  durable: boolean;
  /** As of {@link FlushOptions}. */
  linksAreDurable?: boolean;
}

/** A layer in the making. Disposing of it before it is sealed removes it. */
export interface LayerDraft extends AsyncDisposable {
  /** Directory to fill; it becomes the layer. */
  readonly path: string;
  /** Makes it a layer and returns the layer's id. */
  seal(options: SealOptions): Promise<string>;
}

/**
 * The immutable layers of one data directory. Each is a directory in the form that overlayfs stacks; its name is its
 * id. A layer comes into being whole, by a rename, and is never changed afterwards: files in it may be hard links that
 * other layers share.
 */
export class LayerStore implements AsyncDisposable {
  /** For upper and work directories: on the layers' file system, so that `adopt` can rename from it. */
  readonly scratchPath: string;
  readonly #layers: string;
  readonly #shared: string;
  readonly #drafts: DraftSpace;
  readonly #aside: SetAside;

  private constructor(dataDirectory: string, drafts: DraftSpace, aside: SetAside) {
    this.scratchPath = join(dataDirectory, "scratch");
    this.#layers = join(dataDirectory, "layers");
    this.#shared = join(dataDirectory, "shared");
    this.#drafts = drafts;
    this.#aside = aside;
  }

  /**
   * Opens the store below `directory`, making it if absent, and clears the drafts of processes that died.
   * `onLeftover` is told of what cannot be removed, which keeps nothing from going on.
   */
  static async open(directory: string, options: { onLeftover?: OnLeftover } = {}): Promise<LayerStore> {
    return await storing(directory, async () => {
      await mkdir(directory, { recursive: true });
      // Paths in layers have no links on them: whoever opens one can insist on that.
      const dataDirectory = await realpath(directory);
      await mkdir(join(dataDirectory, "layers"), { recursive: true });
      await mkdir(join(dataDirectory, "scratch"), { recursive: true });
      await mkdir(join(dataDirectory, "shared"), { recursive: true });
      const aside = await SetAside.open(join(dataDirectory, "set-aside"), {
        onLeftover: options.onLeftover ?? (() => undefined),
      });
      return new LayerStore(
        dataDirectory,
        await DraftSpace.open(join(dataDirectory, "drafts"), aside),
        aside,
      );
    });
  }

  /** Directory of a layer, whether it exists or not. */
  path(layerId: string): string {
    if (!isId("ly", layerId)) {
      throw new AppError("LAYER_ID_INVALID", `"${layerId}" is not a layer id.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Layer ids look like ly-4hXq0Zb1…; pass one that the store returned.",
      });
    }
    return join(this.#layers, layerId);
  }

  /** @throws AppError LAYERS_AWAY */
  async has(layerId: string): Promise<boolean> {
    const found = await unlessAbsent(lstat(this.path(layerId)));
    if (!found) await this.#requireDirectory();
    return found?.isDirectory() ?? false;
  }

  /** Where nothing of the store is to be seen, no single layer is known to be missing. */
  async #requireDirectory(): Promise<void> {
    if (await unlessAbsent(lstat(this.#layers))) return;
    throw new AppError("LAYERS_AWAY", "The directory of all layers is not in its place.", {
      status: "UNAVAILABLE",
      remedy: "Put the data directory back where it was.",
    });
  }

  async list(): Promise<string[]> {
    return (await readdir(this.#layers)).filter((name) => isId("ly", name));
  }

  /**
   * Freezes `directory` by moving it into the store. Nobody may write to it any more. On failure it is where it was.
   *
   * @throws AppError LAYER_ELSEWHERE when it lies on another file system.
   */
  async adopt(directory: string, options: SealOptions): Promise<string> {
    const layerId = newId("ly");
    await storing(directory, async () => {
      if (options.durable) await flushTree(directory, options);
      await this.#move(directory, layerId);
      if (options.durable) await flushDirectory(this.#layers);
    });
    return layerId;
  }

  /**
   * Has the large files in `directory` share their place on disk with equal ones of layers. Meant for what is adopted
   * next: nobody may write to it any more.
   */
  async shareLargeFiles(directory: string): Promise<void> {
    await storing(directory, () => shareLargeFiles(directory, this.#shared));
  }

  /** Returns when a power cut can no longer take the layer away. */
  async makeDurable(layerId: string, options: FlushOptions = {}): Promise<void> {
    const path = await this.#existing(layerId);
    await storing(path, async () => {
      await flushTree(path, options);
      await flushDirectory(this.#layers);
    });
  }

  async draft(): Promise<LayerDraft> {
    const path = this.#drafts.newPath();
    await storing(path, () => mkdir(path, { mode: 0o755 }));
    return {
      path,
      seal: (options) => this.adopt(path, options),
      [Symbol.asyncDispose]: () => this.discard(path),
    };
  }

  /** Takes a tree on the layers' file system out of the way at once; it is removed in the background. Never throws. */
  async discard(path: string): Promise<void> {
    await this.#aside.put(path);
  }

  /** Removes a layer; none by that id is fine. Nothing may have it mounted. */
  async remove(layerId: string): Promise<void> {
    // Gone at once and as a whole.
    await this.discard(this.path(layerId));
  }

  /** Bytes of the layer's regular files; several names of one file count once. */
  async sizeOf(layerId: string): Promise<number> {
    let bytes = 0;
    const linked = new Set<number>();
    await walkTree(await this.#existing(layerId), { concurrency }, async ({ at, kind }) => {
      if (kind !== "file") return;
      const stats = await lstat(at);
      if (stats.nlink > 1 && linked.has(stats.ino)) return;
      if (stats.nlink > 1) linked.add(stats.ino);
      bytes += stats.size;
    });
    return bytes;
  }

  /**
   * Removes the layers that are neither kept nor younger than `olderThanMs`: one sealed a moment ago may not be
   * recorded yet. Returns the ids of those removed.
   */
  async collect(options: {
    keep: ReadonlySet<string>;
    olderThanMs: number;
    /** Nobody is about to use them, so that their age does not matter. */
    released?: ReadonlySet<string>;
  }): Promise<string[]> {
    const removed: string[] = [];
    const nowMs = wallClockMs();
    for (const layerId of await this.list()) {
      if (options.keep.has(layerId)) continue;
      // The rename into the store set the change time; a modification time is the container's to choose.
      const isOld = async () => nowMs - (await lstat(this.path(layerId))).ctimeMs >= options.olderThanMs;
      if (!options.released?.has(layerId) && !(await isOld())) continue;
      await this.remove(layerId);
      removed.push(layerId);
    }
    // Files are shared until the layers that hold them are removed; what takes longer is for the next time.
    await this.#aside.emptied(removalPatienceMs);
    await forgetUnshared(this.#shared);
    return removed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#drafts[Symbol.asyncDispose]();
    await this.#aside[Symbol.asyncDispose]();
  }

  async #move(directory: string, layerId: string): Promise<void> {
    try {
      await rename(directory, this.path(layerId));
    } catch (error) {
      if (errnoOf(error) !== "EXDEV") throw error;
      throw new AppError("LAYER_ELSEWHERE", `${directory} is not on the file system of ${this.#layers}.`, {
        status: "INTERNAL",
        remedy: "Keep `layers`, `drafts` and `scratch` of the data directory on one file system.",
        cause: error,
      });
    }
  }

  async #existing(layerId: string): Promise<string> {
    if (await this.has(layerId)) return this.path(layerId);
    throw new AppError("LAYER_NOT_FOUND", `There is no layer ${layerId} in ${this.#layers}.`, {
      status: "NOT_FOUND",
      remedy: "Check that every process uses the same data directory.",
    });
  }
}
