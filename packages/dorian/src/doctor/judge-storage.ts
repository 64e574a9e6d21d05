import { formatBytes } from "../format-bytes.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { fail, ok, type Verdict, warn } from "./verdict.ts";

const gib = 1024 ** 3;
const neededFreeBytes = 4 * gib;
const comfortableFreeBytes = 30 * gib;
const goodFileSystems = ["ext4", "xfs", "btrfs"];
const remoteFileSystems = ["nfs", "nfs4", "cifs", "9p", "ceph", "vfat", "exfat", "ntfs"];

export function judgeSpace({ path, freeBytes, lack }: MachineFacts["storage"]): Verdict {
  if (lack) {
    const what = lack === "bytes" ? `only ${formatBytes(freeBytes)}` : "hardly a file (inode)";
    return fail(
      `nearly full: ${what} can be written in ${path}; nothing new is taken`,
      "free some, for example with `dorian volume delete` or `dorian app stop`: docs/reliability.md tells what goes on meanwhile.",
    );
  }
  const found = `${formatBytes(freeBytes)} in ${path}`;
  const advice = "free some, or choose a data directory on a larger disk with --data.";
  if (freeBytes < neededFreeBytes) return fail(found, advice);
  return freeBytes < comfortableFreeBytes
    ? warn(found, `${advice} Images with weights are large.`)
    : ok(found);
}

export function judgeFileSystem({ path, fileSystem }: MachineFacts["storage"]): Verdict {
  const advice = "choose a data directory on a local ext4, xfs or btrfs disk with --data.";
  const found = `${fileSystem} at ${path}`;
  if (goodFileSystems.includes(fileSystem)) return ok(found);
  if (remoteFileSystems.includes(fileSystem) || fileSystem.startsWith("fuse")) return fail(found, advice);
  if (fileSystem === "tmpfs") return warn(`${found}: gone after a restart of the machine`, advice);
  return warn(`${found}: not tried`, advice);
}
