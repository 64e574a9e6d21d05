import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { GenericResultSchema } from "@dorian/protocol/modal";
import { ImageConfigSchema } from "@dorian/protocol/worker";
import type { Insertable, Selectable } from "kysely";
import type { ImageRow } from "../../schema/rows/image.ts";
import type { BuildComponents } from "./build-components.ts";
import type { ImageContents } from "./image-contents.ts";
import type { ImageRecord } from "./image-record.ts";

export function imageFromRow(row: Selectable<ImageRow>): ImageRecord {
  return {
    imageId: row.image_id,
    buildKey: row.build_key,
    cached: row.cached === 1,
    state: row.state as ImageRecord["state"],
    slot: row.slot,
    components: JSON.parse(row.components) as BuildComponents,
    baseImageId: row.base_image_id ?? undefined,
    layerIds: JSON.parse(row.layer_ids) as string[],
    config: fromBinary(ImageConfigSchema, row.config),
    result: row.result ? fromBinary(GenericResultSchema, row.result) : undefined,
    description: row.description,
    bytes: row.bytes,
    buildMs: row.build_ms,
    createdAtMs: row.created_at,
    usedAtMs: row.used_at,
    contents: row.contents === null ? undefined : (JSON.parse(row.contents) as ImageContents),
  };
}

export function rowOfImage(image: ImageRecord): Insertable<ImageRow> {
  return {
    image_id: image.imageId,
    build_key: image.buildKey,
    cached: image.cached ? 1 : 0,
    state: image.state,
    slot: image.slot,
    components: JSON.stringify(image.components),
    base_image_id: image.baseImageId ?? null,
    layer_ids: JSON.stringify(image.layerIds),
    config: toBinary(ImageConfigSchema, image.config),
    result: image.result ? toBinary(GenericResultSchema, image.result) : null,
    description: image.description,
    bytes: image.bytes,
    build_ms: image.buildMs,
    created_at: image.createdAtMs,
    used_at: image.usedAtMs,
    contents: image.contents ? JSON.stringify(image.contents) : null,
  };
}
