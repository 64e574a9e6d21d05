import type { GarbageOptions } from "./garbage-options.ts";

/**
 * Forgets the stacks of volume versions that were replaced before a time, and volumes that were deleted before one and that no
 * container mounts any more. That a version was made stays on record. Returns the layers of those volumes: nobody is about to
 * use them.
 */
export async function forgetVersions(
  options: Pick<GarbageOptions, "db" | "journal" | "volumes" | "tasks">,
  { replacedBefore, deletedBefore }: { replacedBefore: number; deletedBefore: number },
): Promise<string[]> {
  const { db, journal, volumes, tasks } = options;
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
  const { live } = tasks;
  const deleted = [...volumes.all()].filter(
    ({ deletedAtMs, volumeId }) =>
      (deletedAtMs ?? Infinity) <= deletedBefore && !live.some((task) => task.mayMount(volumeId)),
  );
  if (rows.length === 0 && deleted.length === 0) return [];
  const released = await journal.write(async (trx) => {
    const layerIds: string[] = [];
    for (const row of rows) {
      await trx
        .updateTable("volume_version")
        .set({ layer_ids: null })
        .where("volume_id", "=", row.volume_id)
        .where("version", "=", row.version)
        .execute();
    }
    for (const { volumeId } of deleted) {
      const versions = await trx
        .selectFrom("volume_version")
        .select("layer_ids")
        .where("volume_id", "=", volumeId)
        .execute();
      for (const { layer_ids } of versions) layerIds.push(...(JSON.parse(layer_ids ?? "[]") as string[]));
      await trx.deleteFrom("volume_version").where("volume_id", "=", volumeId).execute();
      await trx.deleteFrom("volume").where("volume_id", "=", volumeId).execute();
    }
    return layerIds;
  });
  for (const { volumeId } of deleted) volumes.forget(volumeId);
  return released;
}
