import { setFileTimes } from "@dorian/linux/file-times";
import { chmod, chown, lstat } from "@dorian/linux/tree-calls";

/** Gives the file or directory `target` the owner, permissions and times of `source`. Not for symbolic links. */
export async function copyMetadata(source: string, target: string): Promise<void> {
  await copyOwnerAndMode(source, target);
  await copyTimes(source, target);
}

export async function copyOwnerAndMode(source: string, target: string): Promise<void> {
  const { uid, gid, mode } = await lstat(source);
  // In this order: a change of owner clears the set-user-id bit.
  await chown(target, uid, gid);
  await chmod(target, mode & 0o7777);
}

/** A directory's times change with each entry made in it, so they are set when all are. */
export async function copyTimes(source: string, target: string): Promise<void> {
  setFileTimes(target, await lstat(source, { bigint: true }));
}
