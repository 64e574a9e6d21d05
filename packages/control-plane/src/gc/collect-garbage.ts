import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { Database } from "../database/database.ts";
import { trustAfterMs } from "../dispatch/retention/steady-clock.ts";
import { collectBlocks } from "./collect-blocks.ts";
import { forgetApps } from "./forget-apps.ts";
import { forgetImages } from "./forget-images.ts";
import { forgetSteps } from "./forget-steps.ts";
import { forgetVersions } from "./forget-versions.ts";
import type { GarbageOptions } from "./garbage-options.ts";
import { layersNamedIn } from "./kept-content.ts";

/** Milliseconds for which things are kept that nothing refers to. */
export interface GarbageAges {
  layerMs: number;
  blockMs: number;
  versionMs: number;
  /** Age of volumes that were deleted. */
  deletedMs: number;
  imageMs: number;
  /** Whether what an app can go back to is kept whole. */
  keepVersions: boolean;
  stepMs: number;
  appMs: number;
}

const hour = 3_600_000;
const day = 24 * hour;

export const usualAges: GarbageAges = {
  layerMs: hour,
  blockMs: day,
  versionMs: hour,
  deletedMs: hour,
  imageMs: 30 * day,
  keepVersions: true,
  // Workers take none that is older.
  stepMs: day,
  appMs: 7 * day,
};

const soonMs = 10 * 60_000;

/**
 * On a disk that is short: what is deleted goes at once, what an upload, a download or a build may be about to use soon
 * after, and images that were of no use for a day.
 */
export const urgentAges: GarbageAges = {
  layerMs: soonMs,
  blockMs: soonMs,
  versionMs: soonMs,
  deletedMs: 0,
  imageMs: day,
  keepVersions: false,
  stepMs: day,
  appMs: 7 * day,
};

/**
 * Those of the ages that a clock can be believed in which has gone on as time does for so long: what is that old by it is at
 * least as old, however it was set before. After `trustAfterMs` it is believed in all.
 */
export function believedAges(ages: GarbageAges, steadyMs: number): GarbageAges {
  const believed = (ms: number) => (ms > steadyMs && steadyMs < trustAfterMs ? Infinity : ms);
  return {
    ...ages,
    layerMs: believed(ages.layerMs),
    blockMs: believed(ages.blockMs),
    versionMs: believed(ages.versionMs),
    deletedMs: believed(ages.deletedMs),
    imageMs: believed(ages.imageMs),
    stepMs: believed(ages.stepMs),
    appMs: believed(ages.appMs),
  };
}

/**
 * Forgets what is too old to matter, then removes the layers and blocks that nothing refers to. Returns the layers
 * removed. `released` keeps layers of deleted volumes until they can be removed, which they are at any age.
 */
export async function collectGarbage(
  options: GarbageOptions,
  { ages, now, released }: { ages: GarbageAges; now: number; released: Set<string> },
): Promise<string[]> {
  const { layers, blocks, builds, blobs, idempotency } = options;
  await idempotency.forget({ now, olderThanMs: day });
  await blobs.removeBefore(now - ages.appMs);
  await forgetApps(options, now - ages.appMs);
  // A task may use whatever was newest at any time since it was started.
  const inUseSince = Math.min(now, await oldestTask(options.db));
  await forgetImages(options, {
    before: Math.min(now - ages.imageMs, inUseSince),
    keepVersions: ages.keepVersions,
  });
  const ofDeleted = await forgetVersions(options, {
    replacedBefore: Math.min(now - ages.versionMs, inUseSince),
    deletedBefore: now - ages.deletedMs,
  });
  for (const layerId of ofDeleted) released.add(layerId);
  const steps = await forgetSteps(options.dataDirectory, now - ages.stepMs);
  // A build holds layers that are not in any image yet, old ones of its base among them.
  const removed =
    builds.count > 0
      ? []
      : await layers.collect({
          keep: new Set([...(await layersInUse(options)), ...steps]),
          olderThanMs: ages.layerMs,
          released,
        });
  for (const layerId of removed) released.delete(layerId);
  const keep = new Set([...blobs.all()].map((blob) => blob.sha256 ?? ""));
  await collectBlocks(join(options.dataDirectory, "blocks"), blocks, { keep, before: now - ages.blockMs });
  // A whole one without a layer is about to get one, or had one that was removed.
  await blocks.large.collect({ receiving: now - ages.blockMs, whole: now - ages.layerMs });
  await blocks.parted.collect(now - ages.blockMs);
  return removed;
}

async function layersInUse(options: GarbageOptions): Promise<Set<string>> {
  const { db, images, mounts } = options;
  const keep = new Set<string>(await baseLayers(options.dataDirectory));
  for (const image of images.all()) for (const layerId of image.layerIds) keep.add(layerId);
  for (const mount of mounts.all()) keep.add(mount.layerId);
  const snapshots = await db.selectFrom("memory_snapshot").select("layer_id").execute();
  for (const { layer_id } of snapshots) keep.add(layer_id);
  const versions = await db
    .selectFrom("volume_version")
    .select("layer_ids")
    .where("layer_ids", "is not", null)
    .execute();
  for (const version of versions) {
    for (const layerId of JSON.parse(version.layer_ids ?? "[]") as string[]) keep.add(layerId);
  }
  return keep;
}

/** Layers of the base images that workers keep, from the list in the data directory that they share. */
async function baseLayers(dataDirectory: string): Promise<string[]> {
  const text = await unlessAbsent(readFile(join(dataDirectory, "bases.json"), "utf8"));
  return layersNamedIn(text ?? "");
}

async function oldestTask(db: Database): Promise<number> {
  const { oldest } = await db
    .selectFrom("task")
    .select((select) => select.fn.min("enqueued_at").as("oldest"))
    .where("finished_at", "is", null)
    .executeTakeFirstOrThrow();
  return (oldest as number | null) ?? Number.POSITIVE_INFINITY;
}
