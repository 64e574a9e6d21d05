import { execFile } from "node:child_process";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { mountTable } from "@dorian/linux/mount-table";
import type { Space } from "@dorian/storage/free-space";

const run = promisify(execFile);

/** A tree that takes longer to look through is looked through again later. */
const patienceMs = 60_000;

/**
 * Space and files that trees take together, whatever their depth and their names. Counted by a process of its own: a walk of a
 * million files would hold up everybody's calls, and its priority could not be low.
 */
export async function usageOf(directories: readonly string[]): Promise<Space> {
  const count = async (unit: string): Promise<number> => {
    const options = { timeout: patienceMs, env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C" } };
    // It complains of what vanishes meanwhile, and counts the rest.
    const { stdout } = await run(
      "nice",
      ["-n", "15", "du", "-sxc", unit, "--", ...directories],
      options,
    ).catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }));
    return Number.parseInt(stdout.trimEnd().split("\n").at(-1) ?? "", 10) || 0;
  };
  const [bytes, files] = await Promise.all([count("--block-size=1"), count("--inodes")]);
  return { bytes, files };
}

/**
 * Space and files that only processes hold: removed, but open still. What is in memory is not of the disk, and what is in a bucket is not
 * even looked at: who asks there waits for as long as it does not answer.
 */
export async function unlinkedUsageOf(pids: readonly number[]): Promise<Space> {
  const seen = new Map<string, number>();
  const places = new Map<string, Elsewhere>();
  for (const pid of pids) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
    if (namespace === undefined) continue;
    const { devices, mountIds } = places.get(namespace) ?? (await elsewhereOf(pid));
    places.set(namespace, { devices, mountIds });
    for (const name of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const path = `/proc/${pid}/fd/${name}`;
      const target = await readlink(path).catch(() => "");
      if (!target.endsWith(" (deleted)") || target.startsWith("/memfd:")) continue;
      const info = await readFile(`/proc/${pid}/fdinfo/${name}`, "utf8").catch(() => "");
      if (mountIds.has(Number(/^mnt_id:\s+(\d+)/m.exec(info)?.[1]))) continue;
      const stats = await stat(path).catch(() => undefined);
      if (!stats?.isFile() || stats.nlink > 0 || devices.has(deviceName(stats.dev))) continue;
      seen.set(`${stats.dev}:${stats.ino}`, stats.blocks * 512);
    }
  }
  return { bytes: [...seen.values()].reduce((sum, bytes) => sum + bytes, 0), files: seen.size };
}

/** What of a process's files is of no disk. */
interface Elsewhere {
  devices: ReadonlySet<string>;
  mountIds: ReadonlySet<number>;
}

async function elsewhereOf(pid: number): Promise<Elsewhere> {
  const mounts = await mountTable(pid).catch(() => []);
  const elsewhere = mounts.filter(({ type }) => type === "tmpfs" || type.startsWith("fuse"));
  return {
    devices: new Set(elsewhere.map(({ device }) => device)),
    mountIds: new Set(elsewhere.map(({ mountId }) => mountId)),
  };
}

// Of file systems without a disk, which have no major number, the minor is what tells them apart.
function deviceName(device: number): string {
  return `${(device >>> 8) & 0xfff}:${(device & 0xff) | ((device >>> 12) & 0xfff00)}`;
}
