import { constants, type PathLike } from "node:fs";
import { open } from "node:fs/promises";
import { forEachConcurrently } from "./for-each-concurrently.ts";
import { walkTree } from "./walk-tree.ts";

const concurrency = 16;

/** Returns when everything in the tree at `root` is on disk: first what files hold, then the names of all. */
export async function flushTree(root: string): Promise<void> {
  const directories: PathLike[] = [root];
  await forEachConcurrently(walkTree(root), concurrency, async ({ path, entry }) => {
    if (entry.isDirectory()) directories.push(path);
    if (entry.isFile()) await flushFile(path);
  });
  await forEachConcurrently(directories, concurrency, flushDirectory);
}

/** Returns when the names in `directory` are on disk. */
export async function flushDirectory(directory: PathLike): Promise<void> {
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}

async function flushFile(path: PathLike): Promise<void> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  await handle.datasync();
}
