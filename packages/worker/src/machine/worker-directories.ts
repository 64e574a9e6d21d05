import { createHash } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { chmod, mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { bindMount, makePrivate } from "@dorian/linux/mount";

export interface WorkerDirectories {
  /** Eight hex digits that tell the workers of one machine apart: a digest of the data directory's path. */
  instance: string;
  /** Sockets and mount points; short, because a socket's path may have 107 characters. */
  runtime: string;
  /** Writable directories of running containers, on the file system of the layers. */
  scratch: string;
}

/** Runtime directories of all workers of this machine, and the locks by which they see each other. */
export const runtimeRoot = "/run/dorian";

/**
 * Creates it, before anything in it: whoever is root in a container passes through it to its file system, so that it must
 * not be as closed as what lies in it.
 */
export function createRuntimeRoot(): void {
  mkdirSync(runtimeRoot, { recursive: true });
  chmodSync(runtimeRoot, 0o711);
}

/** Directory in the runtime directory for what is not needed there any more, until it is removed. */
export const setAsideName = "set-aside";

/** Where the worker of a data directory keeps what lives no longer than it does. Creates nothing. */
export async function workerDirectories(dataDirectory: string): Promise<WorkerDirectories> {
  const instance = createHash("sha256")
    .update(await realpath(dataDirectory))
    .digest("hex")
    .slice(0, 8);
  return { instance, runtime: join(runtimeRoot, instance), scratch: join(dataDirectory, "scratch") };
}

/** Creates them. What is mounted below the runtime directory stays in this mount namespace: no other holds on to it. */
export async function createWorkerDirectories(directories: WorkerDirectories): Promise<void> {
  await mkdir(directories.scratch, { recursive: true, mode: 0o700 });
  // Below it are the files of every container and the sockets by which tasks are known. Who knows the name of one of its
  // directories may enter, as the root of a container does to reach its file system; the directories themselves are
  // closed to everybody else.
  for (const name of ["tasks", "builds"])
    await mkdir(join(directories.runtime, name), { recursive: true, mode: 0o711 });
  for (const name of ["bundles", "netns", "runc", "users"])
    await mkdir(join(directories.runtime, name), { recursive: true, mode: 0o700 });
  await chmod(directories.runtime, 0o711);
  bindMount(directories.runtime, directories.runtime);
  makePrivate(directories.runtime);
}

/** Identity of a data directory, made at its first use: two processes that name the same one share their layers. */
export async function dataDirectoryId(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, "id");
  try {
    await writeFile(path, newId("dd"), { flag: "wx" });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  return (await readFile(path, "utf8")).trim();
}
