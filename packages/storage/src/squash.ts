import { join } from "node:path";
import { copyAttributes } from "@dorian/linux/extended-attributes";
import { createWhiteout, markWhiteouts, setOpaque } from "@dorian/linux/overlay-marks";
import { mkdir } from "@dorian/linux/tree-calls";
import { copyOwnerAndMode, copyTimes } from "./file-metadata.ts";
import { concurrently } from "@dorian/base/concurrently";
import type { LayerStore } from "./layer-store.ts";
import { linkFile } from "./link-file.ts";
import { readMarked } from "./merged-directory.ts";
import { storing } from "./storage-error.ts";

const concurrency = 16;

interface Directory {
  /** Where the squashed layers are, topmost first. */
  hostPaths: string[];
  target: string;
  /** Nothing below the squashed layers shows through it, so it need not say what is deleted. */
  isBottom: boolean;
}

/**
 * Makes one durable layer that shows what several show: a contiguous run of a stack, lowest first. Files become hard
 * links (so files that were one stay one), directories have the owner, permissions and times of the topmost.
 *
 * `keepWhiteouts` is for a run that has layers below it. The layer may then have opaque directories: for one that was
 * deleted and made anew within the run.
 *
 * @throws AppError STORAGE_FULL
 */
export async function squash(
  store: LayerStore,
  layerIds: readonly string[],
  options: { keepWhiteouts: boolean },
): Promise<string> {
  await using draft = await store.draft();
  const layers = layerIds.map((layerId) => store.path(layerId)).toReversed();
  return await storing(draft.path, async () => {
    await merge({ hostPaths: layers, target: draft.path, isBottom: !options.keepWhiteouts });
    return await draft.seal({ durable: true, linksAreDurable: true });
  });
}

async function merge(root: Directory): Promise<void> {
  const done: Directory[] = [];
  const pending = [root];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    pending.push(...(await mergeEntries(next)));
    done.push(next);
  }
  // Times come last: each entry made in a directory changes them.
  for (const { hostPaths, target } of done) {
    const [top] = hostPaths;
    if (top === undefined) continue;
    await copyOwnerAndMode(top, target);
    copyAttributes(top, target);
    await copyTimes(top, target);
  }
}

/** Fills `directory.target`. Returns the directories in it, made and still empty. */
async function mergeEntries(directory: Directory): Promise<Directory[]> {
  const { hostPaths, target, isBottom } = directory;
  const directories: Directory[] = [];
  let hasWhiteouts = false;
  await concurrently(readMarked(hostPaths), { limit: concurrency }, async ({ name, entry }) => {
    const path = join(target, name);
    if (entry.kind === "leaf") return await linkFile(entry.hostPath, path);
    if (entry.kind === "whiteout") {
      if (isBottom) return;
      createWhiteout(path);
      hasWhiteouts = true;
      return;
    }
    await mkdir(path);
    if (entry.hidesBelow && !isBottom) setOpaque(path);
    directories.push({ hostPaths: entry.hostPaths, target: path, isBottom: isBottom || entry.hidesBelow });
  });
  if (hasWhiteouts) markWhiteouts(target);
  return directories;
}
