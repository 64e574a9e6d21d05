import { unlessAbsent } from "@dorian/base/unless-absent";
import { join } from "node:path";
import { lstat } from "@dorian/linux/tree-calls";
import { isOpenForWriting } from "@dorian/linux/open-for-writing";
import { entriesOf } from "./upper-directory.ts";

/**
 * Those of `files` (inode by path, relative to `root`) that some process still has open for writing, by the paths that
 * they have now. Call it while the writers are frozen.
 */
export async function stillWritten(
  root: string,
  files: ReadonlyMap<string, number>,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const elsewhere = new Set<number>();
  const look = (path: string, inode: number) => {
    if (isOpenForWriting(join(root, path))) found.set(path, inode);
  };
  for (const [path, inode] of files) {
    if ((await inodeAt(join(root, path))) === inode) look(path, inode);
    else elsewhere.add(inode);
  }
  if (elsewhere.size === 0) return found;
  // Renamed meanwhile, or deleted.
  for await (const path of entriesOf(root)) {
    const inode = await inodeAt(join(root, path));
    if (inode !== undefined && elsewhere.has(inode)) look(path, inode);
  }
  return found;
}

async function inodeAt(path: string): Promise<number | undefined> {
  return (await unlessAbsent(lstat(path)))?.ino;
}
