import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { BlockStore } from "@dorian/storage/block-store";
import { unlessAbsent } from "@dorian/base/unless-absent";

/** Removes blocks that no layer shares and nobody has asked for since `before` (milliseconds). */
export async function collectBlocks(
  directory: string,
  blocks: BlockStore,
  options: { keep: ReadonlySet<string>; before: number },
): Promise<void> {
  for (const folder of await readdir(directory)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const sha of await readdir(join(directory, folder))) {
      if (options.keep.has(sha)) continue;
      // A block that layers link to takes no space of its own, and saves an upload.
      if (await isOrphan(join(directory, folder, sha), options.before)) await blocks.remove(sha);
    }
  }
}

async function isOrphan(path: string, before: number): Promise<boolean> {
  const stats = await unlessAbsent(lstat(path));
  return stats !== undefined && stats.isFile() && stats.nlink === 1 && stats.ctimeMs < before;
}
