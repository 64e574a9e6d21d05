import { readFile, readdir } from "node:fs/promises";
import { fileName } from "@dorian/base/file-name";
import { readlink } from "@dorian/linux/tree-calls";
import { errnoOf } from "@dorian/base/app-error";
import { mountTable } from "@dorian/linux/mount-table";

export interface OpenFiles {
  /** Paths, relative to the mount, of regular files that some process can still write through a descriptor or mapping. */
  writable: Set<string>;
  /** A process has its working directory, its root or a directory descriptor in the mount: relative paths lead there. */
  pinned: boolean;
  /** Some process has anything of it open, mapped or as a working directory. */
  any: boolean;
}

const O_ACCMODE = 0o3;
const O_DIRECTORY = 0o200000;

/**
 * What the processes `pids` hold in the file system with device number `device` ("major:minor"), which each of them
 * may see at another place. Call it while the processes are frozen, or it is outdated when it returns.
 */
export async function openFilesOf(pids: number[], device: string): Promise<OpenFiles> {
  const found: OpenFiles = { writable: new Set(), pinned: false, any: false };
  await Promise.all(pids.map((pid) => scanProcess(pid, device, found).catch(unlessGone)));
  return found;
}

async function scanProcess(pid: number, device: string, found: OpenFiles): Promise<void> {
  const mounts = new Map<string, string>();
  for (const mount of await mountTable(pid)) {
    if (mount.device === device) mounts.set(String(mount.mountId), mount.target);
  }
  if (mounts.size === 0) return;
  const targets = [...mounts.values()];
  for (const link of ["cwd", "root"]) {
    const path = await readlink(`/proc/${pid}/${link}`);
    if (targets.some((target) => isWithin(target, path))) found.pinned = found.any = true;
  }
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    await scanDescriptor(pid, fd, mounts, found).catch(unlessGone);
  }
  for (const line of fileName(await readFile(`/proc/${pid}/maps`)).split("\n")) {
    const path = /\s(\/.*)$/.exec(line)?.[1];
    const target = path === undefined ? undefined : targets.find((candidate) => isWithin(candidate, path));
    if (path === undefined || target === undefined) continue;
    found.any = true;
    if (/^\S+ .w.s /.test(line)) found.writable.add(path.slice(target.length + 1));
  }
}

async function scanDescriptor(
  pid: number,
  fd: string,
  mounts: Map<string, string>,
  found: OpenFiles,
): Promise<void> {
  const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8");
  const target = mounts.get(/^mnt_id:\s+(\d+)/m.exec(info)?.[1] ?? "");
  if (target === undefined) return;
  found.any = true;
  const flags = Number.parseInt(/^flags:\s+(\d+)/m.exec(info)?.[1] ?? "0", 8);
  if ((flags & O_DIRECTORY) !== 0) {
    found.pinned = true;
    return;
  }
  if ((flags & O_ACCMODE) === 0) return;
  const path = await readlink(`/proc/${pid}/fd/${fd}`);
  // A deleted file has no place in any layer; its writer keeps it to itself.
  if (!path.endsWith(" (deleted)")) found.writable.add(path.slice(target.length + 1));
}

function isWithin(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

// Processes end and descriptors close while we look, unless the caller froze them.
function unlessGone(error: unknown): void {
  const errno = errnoOf(error);
  if (errno !== "ENOENT" && errno !== "ESRCH") throw error;
}
