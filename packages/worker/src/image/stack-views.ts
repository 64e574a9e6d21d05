import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { unmount } from "@dorian/linux/mount";
import type { LayerStore } from "@dorian/storage/layer-store";
import { createOverlayFor, type UserNamespace } from "../user-namespace/user-namespaces.ts";

/** Directories that show stacks of layers, to read from, until they are disposed of. */
export class StackViews implements Disposable {
  #layers: LayerStore;
  #directory: string;
  #mounted: string[] = [];
  #count = 0;

  constructor(options: { layers: LayerStore; directory: string }) {
    this.#layers = options.layers;
    this.#directory = options.directory;
  }

  /** Shows a stack as a directory: to a container of a user namespace, else with owners as on disk. */
  async show(layerIds: readonly string[], userNamespace?: UserNamespace): Promise<string> {
    const [only] = layerIds;
    // The kernel does not stack fewer than two directories.
    if (only !== undefined && layerIds.length === 1) return this.#layers.path(only);
    const target = join(this.#directory, `view-${this.#count++}`);
    await mkdir(target, { recursive: true });
    if (layerIds.length === 0) return target;
    using overlay = createOverlayFor(userNamespace, {
      lower: layerIds.map((layerId) => this.#layers.path(layerId)),
    });
    overlay.placeAt(target);
    this.#mounted.push(target);
    return target;
  }

  [Symbol.dispose](): void {
    for (const target of this.#mounted.splice(0)) unmount(target);
  }
}
