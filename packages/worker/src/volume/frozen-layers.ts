import type { LayerStore } from "@dorian/storage/layer-store";
import type { VolumeVersion } from "./volume-version.ts";

/** A layer that a commit froze. */
export interface FrozenLayer {
  layerId: string;
  /** That had to be copied. Default: all that it has. */
  bytes?: number;
  /** Completes it. What fails is tried again by the next call. */
  finish(): Promise<void>;
}

/** Layers that commits froze and that are not in the volume yet, in the order in which they come to be in it. */
export class FrozenLayers {
  #layers: LayerStore;
  #frozen: FrozenLayer[] = [];

  constructor(layers: LayerStore) {
    this.#layers = layers;
  }

  get ids(): string[] {
    return this.#frozen.map(({ layerId }) => layerId);
  }

  /** Takes a layer over, and completes it while nobody writes. It can be completed later, too. */
  async add(layer: FrozenLayer): Promise<void> {
    this.#frozen.push(layer);
    await layer.finish().catch(() => undefined);
  }

  /** Records the layers, oldest first, once a power cut cannot take them away. Returns the last one's. */
  async publish(
    record: (layer: { layerId: string; bytes: number }) => Promise<VolumeVersion>,
  ): Promise<{ head: VolumeVersion; bytes: number } | undefined> {
    let published;
    for (let next = this.#frozen[0]; next !== undefined; next = this.#frozen[0]) {
      await next.finish();
      const bytes = next.bytes ?? (await this.#layers.sizeOf(next.layerId));
      await this.#layers.makeDurable(next.layerId, { forVolume: true });
      published = { head: await record({ layerId: next.layerId, bytes }), bytes };
      this.#frozen.shift();
    }
    return published;
  }
}
