import { join } from "node:path";
import { mkdir } from "@dorian/linux/tree-calls";
import { copyOwnerAndMode, copyTimes } from "./file-metadata.ts";
import { concurrently } from "@dorian/base/concurrently";
import { linkFile } from "./link-file.ts";
import { readMerged, type StackDirectory } from "./merged-directory.ts";

const concurrency = 16;

/**
 * Makes `target`, which must not exist, a copy of a directory of a stack: new directories with the same owners,
 * permissions and times, and hard links to the files.
 */
export async function linkTree(source: StackDirectory, target: string): Promise<void> {
  const made: { from: string; to: string }[] = [];
  const pending = [{ hostPaths: source.hostPaths, to: target }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { hostPaths, to } = next;
    const [from = ""] = hostPaths;
    await mkdir(to);
    await copyOwnerAndMode(from, to);
    made.push({ from, to });
    await concurrently(readMerged(hostPaths), { limit: concurrency }, async ({ name, entry }) => {
      const path = join(to, name);
      if (entry.kind === "directory") pending.push({ hostPaths: entry.hostPaths, to: path });
      else await linkFile(entry.hostPath, path);
    });
  }
  for (const { from, to } of made) await copyTimes(from, to);
}
