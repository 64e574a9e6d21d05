import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { FileLock } from "@dorian/linux/file-lock";
import { removeTree } from "@dorian/linux/remove-tree";
import { chmod, mkdir, readdir, realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

const lockName = "backup.lock";

/** Where a backup is put together, and what is not part of it yet. */
export interface BackupDirectory extends Disposable {
  path: string;
  incoming: string;
  states: string;
}

/**
 * Opens a directory for a backup: a new one, an empty one, or one that holds a backup already.
 *
 * @throws AppError BACKUP_INSIDE_DATA, BACKUP_DIRECTORY_TAKEN, BACKUP_RUNNING
 */
export async function openBackupDirectory(
  directory: string,
  dataDirectory: string,
): Promise<BackupDirectory> {
  const path = await realPlace(directory);
  const data = await realPlace(dataDirectory);
  if (isWithin(path, data)) {
    throw new AppError("BACKUP_INSIDE_DATA", `${path} lies in the data directory ${data}.`, {
      remedy: "Give a directory outside of it, best on another disk.",
    });
  }
  const entries = (await unlessAbsent(readdir(path))) ?? [];
  if (entries.some((name) => name !== "lost+found") && !entries.includes(lockName)) {
    throw new AppError("BACKUP_DIRECTORY_TAKEN", `${path} holds something else than a backup.`, {
      remedy: "Give a directory that is empty or not there, or one with an earlier backup.",
    });
  }
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
  const lock = FileLock.tryAcquire(join(path, lockName));
  if (!lock) {
    throw new AppError("BACKUP_RUNNING", `Another backup into ${path} is under way.`, {
      remedy: "Wait for it, or stop it first.",
    });
  }
  const places = { path, incoming: join(path, "incoming"), states: join(path, "states") };
  await removeTree(places.incoming);
  for (const folder of [places.incoming, places.states, join(path, "layers"), join(path, "blocks")])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  return { ...places, [Symbol.dispose]: () => lock[Symbol.dispose]() };
}

/** Where a path leads, as far as it is there. */
export async function realPlace(path: string): Promise<string> {
  const whole = resolve(path);
  const real = await unlessAbsent(realpath(whole));
  return real ?? join(await realPlace(dirname(whole)), basename(whole));
}

export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
