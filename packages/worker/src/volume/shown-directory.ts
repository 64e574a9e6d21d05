import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { mkdir, rename } from "@dorian/linux/tree-calls";
import { splitPath } from "@dorian/storage/layer-path";
import type { LayerStore } from "@dorian/storage/layer-store";
import { locate } from "@dorian/storage/stack-view";
import { likeDirectory } from "./upper-directory.ts";

/** What a mount shows of a volume: all of it, or one directory. The rest is then out of its users' reach. */
export class ShownDirectory {
  /** In the volume, without symbolic links; "" for all of it. */
  readonly path: string;
  #layers: LayerStore;

  private constructor(layers: LayerStore, path: string) {
    this.#layers = layers;
    this.path = path;
  }

  /**
   * `subPath` need not exist yet: it comes into being with what is written to it.
   *
   * @throws AppError VOLUME_SUB_PATH_INVALID when a file is there
   */
  static async locate(
    layers: LayerStore,
    layerIds: readonly string[],
    subPath: string,
  ): Promise<ShownDirectory> {
    const stack = layerIds.map((layerId) => layers.path(layerId));
    const located = await locate(stack, subPath, { followLast: true });
    const isFile = located.kind === "found" && located.entry.kind === "leaf";
    if (located.kind === "blocked" || isFile) throw notADirectory(located.path);
    return new ShownDirectory(layers, located.path);
  }

  /** The directories of a version's layers that make it up, lowest first. */
  async lower(layerIds: readonly string[]): Promise<string[]> {
    const stack = layerIds.map((layerId) => this.#layers.path(layerId));
    if (this.path === "") return stack;
    const located = await locate(stack, this.path, { followLast: false });
    if (located.kind !== "found") return [];
    if (located.entry.kind === "leaf") throw notADirectory(this.path);
    return located.entry.hostPaths.toReversed();
  }

  /** Finds its place in a directory that is or becomes a layer. */
  within(layerPath: string): string {
    return join(layerPath, this.path);
  }

  /** Makes the directories above it in a layer to be, as the version below has them. */
  async makeParents(layerPath: string, layerIds: readonly string[]): Promise<void> {
    const stack = layerIds.map((layerId) => this.#layers.path(layerId));
    const above: string[] = [];
    for (let path = this.path; path !== ""; path = splitPath(path).parent)
      above.unshift(splitPath(path).parent);
    for (const path of above) {
      const target = join(layerPath, path);
      await mkdir(target, { recursive: true, mode: 0o755 });
      const located = await locate(stack, path, { followLast: false });
      const like =
        located.kind === "root"
          ? located.hostPaths[0]
          : located.kind === "found" && located.entry.kind === "directory"
            ? located.entry.hostPaths[0]
            : undefined;
      if (like !== undefined) await likeDirectory(like, target);
    }
  }

  /** Moves what was written to it, `upper`, into the store as a layer of the volume. On failure it is where it was. */
  async adopt(upper: string, layerIds: readonly string[]): Promise<string> {
    if (this.path === "") return await this.#layers.adopt(upper, { durable: false });
    const whole = `${upper}-of-volume`;
    await mkdir(whole);
    try {
      await this.makeParents(whole, layerIds);
      await rename(upper, this.within(whole));
      try {
        return await this.#layers.adopt(whole, { durable: false });
      } catch (error) {
        await rename(this.within(whole), upper);
        throw error;
      }
    } catch (error) {
      await this.#layers.discard(whole);
      throw error;
    }
  }

  /** Takes back what {@link adopt} did. */
  async release(layerId: string, upper: string): Promise<void> {
    const path = this.#layers.path(layerId);
    await rename(this.within(path), upper);
    if (this.path !== "") await this.#layers.remove(layerId);
  }
}

function notADirectory(path: string): AppError {
  return new AppError("VOLUME_SUB_PATH_INVALID", `${JSON.stringify(path)} is a file of the volume.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Mount a directory of it, or the whole volume.",
  });
}
