import type { GarbageOptions } from "./garbage-options.ts";

/**
 * Forgets the stacks of volume versions that were replaced before a time, and volumes that were deleted before one.
 * That a version was made stays on record.
 */
export async function forgetVersions(
  options: Pick<GarbageOptions, "db" | "journal" | "volumes">,
  { replacedBefore, deletedBefore }: { replacedBefore: number; deletedBefore: number },
): Promise<void> {
  const { db, journal, volumes } = options;
  const rows = await db
    .selectFrom("volume_version as old")
    .innerJoin("volume_version as next", (join) =>
      join
        .onRef("next.volume_id", "=", "old.volume_id")
        .on((on) => on("next.version", "=", on("old.version", "+", 1))),
    )
    .select(["old.volume_id", "old.version"])
    .where("old.layer_ids", "is not", null)
    .where("next.created_at", "<", replacedBefore)
    .execute();
  const deleted = [...volumes.all()].filter((volume) => (volume.deletedAt ?? Infinity) <= deletedBefore);
  if (rows.length === 0 && deleted.length === 0) return;
  await journal.write(async (trx) => {
    for (const row of rows) {
      await trx
        .updateTable("volume_version")
        .set({ layer_ids: null })
        .where("volume_id", "=", row.volume_id)
        .where("version", "=", row.version)
        .execute();
    }
    for (const { volumeId } of deleted) {
      await trx.deleteFrom("volume_version").where("volume_id", "=", volumeId).execute();
      await trx.deleteFrom("volume").where("volume_id", "=", volumeId).execute();
    }
  });
  for (const { volumeId } of deleted) volumes.forget(volumeId);
}
