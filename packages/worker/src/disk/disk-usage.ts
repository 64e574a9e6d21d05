import { execFile } from "node:child_process";
import { readdir, readlink, stat } from "node:fs/promises";
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

/** Space and files that only processes hold: removed, but open still. What is in memory is not of the disk. */
export async function unlinkedUsageOf(pids: readonly number[]): Promise<Space> {
  const seen = new Map<string, number>();
  const [first] = pids;
  if (first === undefined) return { bytes: 0, files: 0 };
  const mounts = await mountTable(first).catch(() => []);
  const inMemory = new Set(mounts.filter(({ type }) => type === "tmpfs").map(({ device }) => device));
  for (const pid of pids) {
    const directory = `/proc/${pid}/fd`;
    for (const name of await readdir(directory).catch(() => [])) {
      const path = `${directory}/${name}`;
      const target = await readlink(path).catch(() => "");
      if (!target.endsWith(" (deleted)") || target.startsWith("/memfd:")) continue;
      const stats = await stat(path).catch(() => undefined);
      if (!stats?.isFile() || stats.nlink > 0 || inMemory.has(deviceName(stats.dev))) continue;
      seen.set(`${stats.dev}:${stats.ino}`, stats.blocks * 512);
    }
  }
  return { bytes: [...seen.values()].reduce((sum, bytes) => sum + bytes, 0), files: seen.size };
}

// Of file systems without a disk, which have no major number, the minor is what tells them apart.
function deviceName(device: number): string {
  return `${(device >>> 8) & 0xfff}:${(device & 0xff) | ((device >>> 12) & 0xfff00)}`;
}
