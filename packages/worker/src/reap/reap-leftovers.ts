import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "@dorian/base/app-error";
import { Stopwatch } from "@dorian/base/stopwatch";
import { unmount } from "@dorian/linux/mount";
import { mountTable } from "@dorian/linux/mount-table";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { setAsideName } from "../machine/worker-directories.ts";
import { type CgroupLayout, readCgroupLayout } from "../cgroup/cgroup-layout.ts";
import { childGroups, killAll, killNow, processesOf, removeGroup } from "../cgroup/cgroup.ts";
import { removeNetwork } from "../network/remove-network.ts";
import { runtimeProcesses } from "./runtime-processes.ts";

const runcGraceMs = 1_000;
/** Milliseconds for processes to die: the machine may be so busy that they cannot. */
const patienceMs = 120_000;

export interface Reaped {
  processes: number;
  cgroups: number;
  mounts: number;
  links: number;
  natTables: number;
}

/**
 * Removes everything that the worker named `instance` (eight hex digits) left on this machine when it was killed:
 * processes, control groups, mounts and files below `runtimeDirectory`, network devices and rules, and the content of
 * `scratchDirectory`. Finds it all by name, so it needs no records, touches nothing of other workers, and may run any
 * number of times. The caller makes sure that the worker itself is not running.
 */
export async function reapLeftovers(options: {
  instance: string;
  runtimeDirectory: string;
  scratchDirectory?: string;
  /** Takes a directory out of the way; what it cannot remove it reports, and nothing waits for it. */
  discard: (path: string) => Promise<void>;
}): Promise<Reaped> {
  const { instance, runtimeDirectory, scratchDirectory, discard } = options;
  const layout = await readCgroupLayout();
  const parent = `/dorian-${instance}`;
  const cgroups = (await childGroups(layout, parent)).length;
  const processes = await killProcesses(layout, parent, runtimeDirectory);
  await removeGroup(layout, parent);
  const mounts = await unmountBelow(runtimeDirectory, scratchDirectory);
  const network = await removeNetwork(instance);
  await empty(runtimeDirectory, discard);
  if (scratchDirectory !== undefined) await empty(scratchDirectory, discard);
  return { processes, cgroups, mounts, ...network };
}

/**
 * Containers first, so that their runc, which waits for them, ends by itself. One that was about to start a container
 * starts it all the same, and then that one is killed; a runc that is still there after a while is killed, too.
 */
async function killProcesses(layout: CgroupLayout, parent: string, directory: string): Promise<number> {
  const seen = new Set<number>();
  const watch = new Stopwatch();
  for (;;) {
    for (const pid of await processesOf(layout, parent)) seen.add(pid);
    await killAll(layout, parent);
    const runcs = await runtimeProcesses(directory);
    for (const pid of runcs) seen.add(pid);
    if (runcs.length === 0 && (await processesOf(layout, parent)).length === 0) return seen.size;
    const waitedMs = watch.ms;
    if (waitedMs > patienceMs) {
      throw new AppError("REAP_INCOMPLETE", `The runc processes ${runcs.join(", ")} do not die.`, {
        status: "INTERNAL",
        remedy: "A process in uninterruptible sleep does this: check its disk.",
      });
    }
    if (waitedMs > runcGraceMs) for (const pid of runcs) killWithGroup(pid);
    await delay(10);
  }
}

/** With CRIU, which a runc that writes a snapshot has in its group. */
function killWithGroup(pid: number): void {
  killNow(-pid);
  killNow(pid);
}

async function unmountBelow(...directories: (string | undefined)[]): Promise<number> {
  const mounts = (await mountTable()).filter((mount) =>
    directories.some(
      (directory) =>
        directory !== undefined && (mount.target === directory || mount.target.startsWith(`${directory}/`)),
    ),
  );
  let unmounted = 0;
  for (const mount of mounts.toReversed()) {
    if (unmount(mount.target)) unmounted += 1;
  }
  return unmounted;
}

async function empty(directory: string, discard: (path: string) => Promise<void>): Promise<void> {
  for (const name of (await unlessAbsent(readdir(directory))) ?? []) {
    if (name !== setAsideName) await discard(join(directory, name));
  }
}
