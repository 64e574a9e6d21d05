import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { BlockStore } from "../src/block-store.ts";
import { LayerStore } from "../src/layer-store.ts";
import { normaliseLayer } from "../src/normalise-layer.ts";

/** A data directory of its own for one test, with overlays of its layers. */
export class TemporaryStorage implements AsyncDisposable {
  readonly directory: string;
  readonly layers: LayerStore;
  readonly blocks: BlockStore;
  #mounts = 0;

  private constructor(directory: string, layers: LayerStore, blocks: BlockStore) {
    this.directory = directory;
    this.layers = layers;
    this.blocks = blocks;
  }

  static async open(): Promise<TemporaryStorage> {
    const directory = await mkdtemp(join(tmpdir(), "dorian-storage-"));
    return new TemporaryStorage(
      directory,
      await LayerStore.open(directory),
      await BlockStore.open(directory),
    );
  }

  paths(layerIds: readonly string[]): string[] {
    return layerIds.map((layerId) => this.layers.path(layerId));
  }

  /** What the kernel shows of a stack (lowest first) while `look` runs. */
  async view<T>(layerIds: readonly string[], look: (mount: string) => T | Promise<T>): Promise<T> {
    const { target, empty, upper, work } = await this.#places();
    mountOverlay(target, { lower: [empty, ...this.paths(layerIds)], upper, work });
    try {
      return await look(target);
    } finally {
      unmount(target);
    }
  }

  /** What a container wrote on top of a stack, before it is normalised. */
  async write<T>(
    layerIds: readonly string[],
    work: (mount: string) => T | Promise<T>,
  ): Promise<{ upper: string; result: T }> {
    const { target, empty, upper, work: workDirectory } = await this.#places();
    const lower = [empty, ...this.paths(layerIds)];
    mountOverlay(target, { lower, upper, work: workDirectory, redirectDirectories: true });
    try {
      return { upper, result: await work(target) };
    } finally {
      unmount(target);
    }
  }

  /** Makes what was written a layer, in the way of a volume commit. */
  async commit(layerIds: readonly string[], upper: string): Promise<string> {
    await normaliseLayer(upper, this.paths(layerIds));
    return await this.layers.adopt(upper, { durable: false });
  }

  async #places() {
    this.#mounts += 1;
    const scratch = join(this.layers.scratchPath, String(this.#mounts));
    const names = ["target", "empty", "upper", "work"] as const;
    for (const name of names) await mkdir(join(scratch, name), { recursive: true });
    return Object.fromEntries(names.map((name) => [name, join(scratch, name)])) as Record<
      (typeof names)[number],
      string
    >;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.layers[Symbol.asyncDispose]();
    await this.blocks[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}
