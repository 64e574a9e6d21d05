import { create } from "@bufbuild/protobuf";
import { Stopwatch } from "@dorian/base/stopwatch";
import { configurationFrom } from "@dorian/oci/image-configuration";
import { ImageConfigSchema, type ImageConfig } from "@dorian/protocol/worker";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { BuildLayers } from "./build-layers.ts";
import type { BuildStage } from "./build-stage.ts";
import { joinSteps } from "./join-steps.ts";

export interface BuiltImage {
  /** Layers that the build adds to its base, lowest first. */
  layerIds: string[];
  /** Bytes of the files in them. */
  bytes: number;
  config: ImageConfig;
}

export interface SavingOptions {
  layers: LayerStore;
  /** What the build has made. */
  built: BuildLayers;
  /** Layers that the build began with. */
  base: readonly string[];
  /** The last one. */
  stage: BuildStage;
  say: (text: string) => void;
  signal: AbortSignal;
}

/** Makes an image of a build's last stage: layers of its steps that may be one become one, and are the build's no more. */
export async function saveImage(options: SavingOptions): Promise<BuiltImage> {
  const { layers, built, base, stage, say, signal } = options;
  const watch = new Stopwatch();
  await stage.freeze();
  const stack = await joinSteps(layers, stage.layerIds, built.ofSteps);
  built.addJoined(stack.filter((layerId) => !stage.layerIds.includes(layerId)));
  const isOnBase = base.length > 0 && base.every((layerId, index) => stack[index] === layerId);
  const layerIds = isOnBase ? stack.slice(base.length) : stack;
  let bytes = 0;
  for (const layerId of layerIds) bytes += await layers.sizeOf(layerId);
  const seconds = (watch.ms / 1000).toFixed(1);
  say(`Saved the image: ${(bytes / 1_000_000).toFixed(1)} MB in ${seconds} s\n`);
  signal.throwIfAborted();
  // Layers of earlier stages served only to copy from.
  built.handOver(layerIds);
  return { layerIds, bytes, config: create(ImageConfigSchema, configurationFrom(stage.config)) };
}
