import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The eight hex digits that the worker of a data directory marks its things with. */
export async function instanceOf(dataDirectory: string): Promise<string> {
  return createHash("sha256")
    .update(await realpath(dataDirectory))
    .digest("hex")
    .slice(0, 8);
}

/** Everything on this machine that belongs to the worker of a data directory: empty when it has cleaned up. */
export async function leftoversOf(dataDirectory: string): Promise<string[]> {
  const instance = await instanceOf(dataDirectory);
  const found: string[] = [];
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  for (const line of mounts.split("\n"))
    if (line.includes(instance)) found.push(`mount ${line.split(" ")[4]}`);
  for (const path of await cgroupsOf(instance)) found.push(`cgroup ${path}`);
  const [links, namespaces, tables] = await Promise.all([
    run("ip", ["-o", "link"]),
    run("ip", ["netns", "list"]),
    run("nft", ["list", "tables"]),
  ]);
  for (const [kind, { stdout }] of Object.entries({ link: links, netns: namespaces, table: tables })) {
    for (const line of stdout.split("\n")) if (line.includes(instance)) found.push(`${kind} ${line.trim()}`);
  }
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const cgroups = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
    // A deleted cgroup held no live process any more: this one has ended, and only waits until its parent asks for its end.
    if (cgroups.split("\n").some((line) => line.includes(instance) && !line.endsWith(" (deleted)")))
      found.push(`process ${pid}`);
  }
  for (const directory of ["scratch", "drafts"]) {
    const entries = await readdir(join(dataDirectory, directory)).catch(() => []);
    for (const entry of entries) found.push(`${directory} ${entry}`);
  }
  return found;
}

/** Below each controller's directory: a worker's groups, and those of its containers in them. */
const cgroupDepth = 4;

async function cgroupsOf(instance: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (directory: string, depth: number): Promise<void> => {
    // Groups of others come and go.
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.filter((each) => each.isDirectory())) {
      const path = join(directory, entry.name);
      if (entry.name.includes(instance)) found.push(path);
      if (depth < cgroupDepth) await walk(path, depth + 1);
    }
  };
  await walk("/sys/fs/cgroup", 1);
  return found;
}
