import { VolumeFsVersion } from "@dorian/protocol/modal";
import type { Selectable, Transaction } from "kysely";
import type { VolumeRow } from "../../schema/rows/volume.ts";
import type { Tables } from "../../schema/tables.ts";
import type { Volume } from "./volume.ts";
import type { VolumeChange, VolumeHead } from "./volume-head.ts";

export function volumeFromRow(row: Selectable<VolumeRow>): Volume {
  return {
    volumeId: row.volume_id,
    scope: row.environment,
    name: row.name ?? undefined,
    fsVersion: row.fs_version === 1 ? VolumeFsVersion.V1 : VolumeFsVersion.V2,
    appId: row.app_id ?? undefined,
    createdAtMs: row.created_at,
    createdBy: row.created_by,
    deletedAtMs: row.deleted_at ?? undefined,
  };
}

export async function insertVersion(
  trx: Transaction<Tables>,
  head: VolumeHead,
  change: VolumeChange,
  createdAtMs: number,
): Promise<void> {
  await trx
    .insertInto("volume_version")
    .values({
      volume_id: head.volumeId,
      version: head.version,
      layer_id: change.layerId,
      layer_ids: JSON.stringify(head.layerIds),
      author: change.author,
      bytes: change.bytes,
      created_at: createdAtMs,
    })
    .execute();
}

export async function newestVersion(trx: Transaction<Tables>, volumeId: string) {
  return await trx
    .selectFrom("volume_version")
    .select(["version", "layer_ids"])
    .where("volume_id", "=", volumeId)
    .orderBy("version", "desc")
    .executeTakeFirstOrThrow();
}

/** A version whose stack was dropped as too old reads as empty; the newest one never is. */
export function parseStack(json: string | null): string[] {
  return json === null ? [] : (JSON.parse(json) as string[]);
}
