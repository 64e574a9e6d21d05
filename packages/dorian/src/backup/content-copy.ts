import { AppError, errnoOf } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { syncFileSystem } from "@dorian/linux/sync-file-system";
import { measureTree, TreeCopier, type TreeSize } from "@dorian/storage/copy-tree";
import { flushDirectory, flushTree } from "@dorian/storage/flush-tree";
import { spaceAt } from "@dorian/storage/free-space";
import { link, lstat, mkdir, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { formatBytes } from "../format-bytes.ts";
import { blobPlace, layerPlace } from "./backup-places.ts";
import { copyDurably } from "./small-files.ts";

export interface ByteProgress {
  doneBytes: number;
  totalBytes: number;
}

/** What is to be where, with sizes where they are known. */
export interface Content {
  layers: Record<string, TreeSize>;
  blobs: Record<string, number>;
}

export interface ContentCopy extends Content {
  /** What was not there before. */
  newBytes: number;
  /** Named, and not at the source. */
  missing: string[];
  /** New files are further names of those at the source. */
  isLinked: boolean;
}

interface Places {
  from: string;
  to: string;
  /** On the file system of `to`. */
  incoming: string;
}

/**
 * Copies layers and blobs that are not at `to` yet; each is there as a whole, on disk, or not at all.
 *
 * @throws AppError BACKUP_NO_ROOM
 */
export async function copyContent(
  wanted: { layerIds: Iterable<string>; blobs: Iterable<string> },
  places: Places,
  options: { known: Content; onProgress: (progress: ByteProgress) => void; signal: AbortSignal },
): Promise<ContentCopy> {
  const { from, to, incoming } = places;
  const { known, signal } = options;
  const copied: ContentCopy = { layers: {}, blobs: {}, newBytes: 0, missing: [], isLinked: false };
  const fresh: string[] = [];
  for (const layerId of wanted.layerIds) {
    const isThere = await exists(layerPlace(to, layerId));
    const source = layerPlace(from, layerId);
    if (!isThere && !(await exists(source))) copied.missing.push(layerId);
    else if (isThere)
      copied.layers[layerId] =
        known.layers[layerId] ?? (await measureTree(layerPlace(to, layerId), { signal }));
    else {
      fresh.push(layerId);
      copied.layers[layerId] = await measureTree(source, { signal });
    }
  }
  const freshBlobs: string[] = [];
  for (const sha of wanted.blobs) {
    const isThere = await exists(blobPlace(to, sha));
    const stats = await unlessAbsent(lstat(blobPlace(isThere ? to : from, sha)));
    if (!stats) copied.missing.push(sha);
    else {
      copied.blobs[sha] = stats.size;
      if (!isThere) freshBlobs.push(sha);
    }
  }
  const totalBytes =
    fresh.reduce((sum, layerId) => sum + (copied.layers[layerId]?.bytes ?? 0), 0) +
    freshBlobs.reduce((sum, sha) => sum + (copied.blobs[sha] ?? 0), 0);
  copied.newBytes = totalBytes;
  copied.isLinked = (await lstat(from)).dev === (await lstat(to)).dev;
  if (!copied.isLinked) requireRoom(to, totalBytes);

  let doneBytes = 0;
  const onBytes = (bytes: number) => options.onProgress({ doneBytes: (doneBytes += bytes), totalBytes });
  const copier = new TreeCopier({ signal, onBytes });
  if (!copied.isLinked && fresh.length > 0) {
    const there = Object.keys(copied.layers).filter((layerId) => !fresh.includes(layerId));
    for (const layerId of there)
      if (await exists(layerPlace(from, layerId)))
        await copier.know(layerPlace(from, layerId), layerPlace(to, layerId));
  }
  for (const layerId of fresh) {
    const draft = join(incoming, layerId);
    const copy = await copier.copy(layerPlace(from, layerId), draft);
    if (copier.canLink) await flushTree(draft, { linksAreDurable: true });
    else await syncFileSystem(draft);
    await rename(draft, layerPlace(to, layerId));
    copy.movedTo(layerPlace(to, layerId));
  }
  for (const sha of freshBlobs) {
    signal.throwIfAborted();
    await copyBlob(blobPlace(from, sha), blobPlace(to, sha), incoming);
    onBytes(copied.blobs[sha] ?? 0);
  }
  for (const folder of ["layers", "blocks"]) await flushDirectory(join(to, folder));
  return copied;
}

async function copyBlob(source: string, target: string, incoming: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    await link(source, target);
  } catch (error) {
    if (errnoOf(error) !== "EXDEV" && errnoOf(error) !== "EMLINK") throw error;
    const draft = join(incoming, basename(target));
    await copyDurably(source, draft);
    await rename(draft, target);
  }
  await flushDirectory(dirname(target));
}

function requireRoom(path: string, bytes: number): void {
  const { free } = spaceAt(path);
  if (free.bytes >= bytes) return;
  throw new AppError(
    "BACKUP_NO_ROOM",
    `${formatBytes(bytes)} are to be copied to ${path}, and ${formatBytes(free.bytes)} are free there.`,
    { status: "RESOURCE_EXHAUSTED", remedy: "Make room there, or give a directory on a larger disk." },
  );
}

async function exists(path: string): Promise<boolean> {
  return (await unlessAbsent(lstat(path))) !== undefined;
}
