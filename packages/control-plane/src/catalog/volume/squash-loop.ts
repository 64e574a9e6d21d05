import { SharedWork } from "@dorian/base/shared-work";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { LayerStore } from "@dorian/storage/layer-store";
import { squash } from "@dorian/storage/squash";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import type { VolumeRegistry } from "./volume-registry.ts";

/** Layers on top of the stack that are left alone: the next commits come soon, and recent files change most. */
const layersKept = 8;

/**
 * Keeps the stacks of volumes short, one squash per volume at a time. What a volume shows, and its version, stay the
 * same. Disposing waits for those that run.
 */
export function startSquashing(options: {
  volumes: VolumeRegistry;
  layers: LayerStore;
  room: RoomWatch;
  logger: Logger;
}): AsyncDisposable {
  const { volumes, layers, room, logger } = options;
  const running = new SharedWork<string, void>();
  let stopped = false;

  const squashOne = async (volumeId: string) => {
    const { layerIds } = volumes.head(volumeId);
    const run = layerIds.slice(0, -layersKept);
    const watch = new Stopwatch();
    try {
      const layerId = await squash(layers, run, { keepWhiteouts: false });
      const replaced = await volumes.replaceLowest(volumeId, run, layerId);
      if (!replaced) await layers.remove(layerId);
      logger.debug({ volumeId, layers: run.length, replaced, ms: Math.round(watch.ms) }, "squashed a volume");
    } catch (error) {
      // The longer stack serves as well; the next commit tries again.
      logger.warn({ err: error, volumeId }, "could not squash a volume");
    }
  };

  volumes.whenLong((volumeId) => {
    // Without room it waits for the first commit after there is some: a squash makes a copy of the tree's directories.
    if (!stopped && !room.isShort) void running.run(volumeId, () => squashOne(volumeId));
  });

  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      await running.settled();
    },
  };
}
