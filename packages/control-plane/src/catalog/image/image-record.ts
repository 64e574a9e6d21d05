import type { GenericResult } from "@dorian/protocol/modal";
import type { ImageConfig } from "@dorian/protocol/worker";
import type { BuildComponents } from "./build-components.ts";
import type { ImageContents } from "./image-contents.ts";

/** One image. Never changed in place. */
export interface ImageRecord {
  imageId: string;
  buildKey: string;
  /** Answers for its key. */
  cached: boolean;
  state: "building" | "ready" | "failed";
  /** What the step is called across its versions. */
  slot: string;
  components: BuildComponents;
  baseImageId: string | undefined;
  /** The whole stack, lowest first. */
  layerIds: string[];
  config: ImageConfig;
  result: GenericResult | undefined;
  description: string;
  /** Bytes that it adds to its base. */
  bytes: number;
  buildMs: number;
  createdAtMs: number;
  usedAtMs: number;
  /** What its files say; undefined until it is ready. */
  contents: ImageContents | undefined;
}
