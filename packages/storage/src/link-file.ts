import { constants } from "node:fs";
import { copyFile, link, lchown, lstat, readlink, symlink } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";
import { setFileTimes } from "@dorian/linux/file-times";
import { copyMetadata } from "./file-metadata.ts";

/**
 * Makes `target` another name of the file `source` (anything but a directory; a symbolic link is not followed). Where
 * a file has as many names as its file system allows (65,000 on ext4: think of empty files), `target` is a copy.
 */
export async function linkFile(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (errnoOf(error) !== "EMLINK") throw error;
    await copyLeaf(source, target);
  }
}

async function copyLeaf(source: string, target: string): Promise<void> {
  const stats = await lstat(source, { bigint: true });
  if (!stats.isSymbolicLink()) {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await copyMetadata(source, target);
    return;
  }
  await symlink(await readlink(source), target);
  await lchown(target, Number(stats.uid), Number(stats.gid));
  setFileTimes(target, stats);
}
