import { VolumeFsVersion } from "@dorian/protocol/modal";
import type { Selectable } from "kysely";
import type { VolumeRow } from "../../schema/rows/volume.ts";
import type { Volume } from "./volume.ts";

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
