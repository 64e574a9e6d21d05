import { OpenDirectory } from "@dorian/linux/open-directory";
import { removeEntry } from "@dorian/linux/remove-tree";
import { walkTree } from "@dorian/linux/walk-tree";

/** Where every container has files of the platform, which are no part of an image. */
const platformPaths = ["pkg", "__modal"];

/** Where the app's own sources are mounted. */
const sources = "root";
const cacheName = "__pycache__";

/**
 * Removes from what a build function wrote the traces of how it was run: bytecode of the client and of the app's mounted
 * sources. What it left in the place of a directory is taken as it is: no link leads out of `upper`.
 */
export async function removeRuntimeTraces(upper: string): Promise<void> {
  using root = OpenDirectory.open(upper);
  for (const name of platformPaths) await removeEntry(root, name);
  using directory = root.tryDirectory(sources);
  if (directory) await removeForeignBytecode(directory);
}

/** Bytecode whose sources are elsewhere; hidden directories are data. */
async function removeForeignBytecode(root: OpenDirectory): Promise<void> {
  const withSources = new Set<string>();
  const withCache: string[] = [];
  await walkTree(root, { concurrency: 1 }, async ({ name, kind, path }) => {
    const isCache = kind === "directory" && name.toString() === cacheName;
    if (!isCache && !name.toString().endsWith(".py")) return;
    const parent = parentOf(path().toString("latin1"));
    if (isCache) withCache.push(parent);
    else withSources.add(parent);
  });
  for (const parent of withCache) {
    if (withSources.has(parent) || isData(parent)) continue;
    using directory = root.tryDirectory(Buffer.from(parent, "latin1"));
    if (directory) await removeEntry(directory, cacheName);
  }
}

function isData(path: string): boolean {
  return path.split("/").some((name) => name.length > 1 && name.startsWith("."));
}

function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ".";
}
