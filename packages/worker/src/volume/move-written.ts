import { unlessAbsent } from "@dorian/base/unless-absent";
import { dirname, join } from "node:path";
import type { WayBack } from "@dorian/base/way-back";
import { setFileTimes } from "@dorian/linux/file-times";
import { lstat, rename } from "@dorian/linux/tree-calls";
import { copyTimes } from "@dorian/storage/file-metadata";
import { copyEntry, moveFile } from "./upper-directory.ts";

/**
 * Takes files that are being written along from one upper directory to the next. Directories keep their times in both.
 * Returns the files' inodes by path.
 */
export async function moveWritten(
  from: string,
  to: string,
  paths: ReadonlySet<string>,
  wayBack: WayBack,
): Promise<Map<string, number>> {
  const written = new Map<string, number>();
  for (const path of paths) {
    const parent = dirname(join(from, path));
    // Absent: it was removed before its writers were frozen, or replaced by a file.
    const times = await unlessAbsent(lstat(parent, { bigint: true }));
    if (times === undefined || !(await moveFile(from, to, path))) continue;
    wayBack.add(async () => {
      await rename(join(to, path), join(from, path));
      setFileTimes(parent, times);
    });
    written.set(path, (await lstat(join(to, path))).ino);
    setFileTimes(parent, times);
    for (let above = dirname(path); above !== "."; above = dirname(above))
      await copyTimes(join(from, above), join(to, above));
  }
  return written;
}

/** Leaves a copy, as it is now, where a moved file was: the way back of the move replaces it. */
export async function copyBack(from: string, to: string, path: string): Promise<void> {
  await copyEntry(from, to, path);
  await copyTimes(dirname(join(from, path)), dirname(join(to, path)));
}
