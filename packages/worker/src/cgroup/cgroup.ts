import { existsSync } from "node:fs";
import { readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { CgroupLayout } from "./cgroup-layout.ts";
import { isGone, readIfThere, writeIfThere } from "./group-files.ts";

// Control group files have no descriptor one could wait on that works in v1, so changes are polled for.
const leastPollMs = 1;
/** Part of the time that was waited already until the next look: what takes long is looked at seldom. */
const pollPart = 1 / 8;
const mostPollMs = 100;
const patienceMs = 10_000;
/** A process that was killed needs a turn on a processor to die, and thousands of others may be before it. */
const deathMs = 120_000;

/** Process ids in the group `name` ("/dorian-1a2b3c4d/ta-…") and in the groups below it. */
export async function processesOf(layout: CgroupLayout, name: string): Promise<number[]> {
  const lists = await Promise.all(
    (await groupsBelow(join(layout.processes, name))).map((directory) =>
      readIfThere(join(directory, "cgroup.procs")),
    ),
  );
  return lists.flatMap((text) =>
    (text ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map(Number),
  );
}

/** How many processes of the group the kernel has killed for want of memory. 0 when the group is gone. */
export async function oomKillsOf(layout: CgroupLayout, name: string): Promise<number> {
  if (!layout.memory) return 0;
  const file = layout.memory.version === 2 ? "memory.events" : "memory.oom_control";
  const text = await readIfThere(join(layout.memory.root, name, file));
  return Number(/^oom_kill (\d+)$/m.exec(text ?? "")?.[1] ?? 0);
}

/** Bytes of memory that the group has. 0 when the group is gone, or this machine does not count. */
export async function memoryOf(layout: CgroupLayout, name: string): Promise<number> {
  if (!layout.memory) return 0;
  const file = layout.memory.version === 2 ? "memory.current" : "memory.usage_in_bytes";
  return Number((await readIfThere(join(layout.memory.root, name, file))) ?? 0);
}

/** A huge page that did not fit any more, and what the kernel charges ahead. */
const chargeSlackBytes = 4 * 1024 * 1024;

/** Whether the group's own memory limit was reached, and not only that of a group above it. */
export async function hitOwnMemoryLimit(layout: CgroupLayout, name: string): Promise<boolean> {
  if (!layout.memory) return false;
  const directory = join(layout.memory.root, name);
  if (layout.memory.version === 1) {
    // Its counter of failures stands still on newer kernels. How high the group came does not.
    const files = ["memory.max_usage_in_bytes", "memory.limit_in_bytes"];
    const [most, limit] = await Promise.all(files.map((file) => readIfThere(join(directory, file))));
    return most !== undefined && Number(most) + chargeSlackBytes >= Number(limit);
  }
  const events = await readIfThere(join(directory, "memory.events"));
  return Number(/^oom (\d+)$/m.exec(events ?? "")?.[1] ?? 0) > 0;
}

/** Has the group's processes get the processor last of all until the result is disposed of, where this machine weighs groups. */
export async function weighLeast(layout: CgroupLayout, name: string): Promise<AsyncDisposable> {
  const { root, version } = layout.cpu ?? {};
  const file = join(root ?? "", name, version === 2 ? "cpu.weight" : "cpu.shares");
  const own = root === undefined ? undefined : await readIfThere(file);
  if (own === undefined) return new AsyncDisposableStack();
  await writeIfThere(file, version === 2 ? "1" : "2");
  return { [Symbol.asyncDispose]: () => writeIfThere(file, own.trim()) };
}

/** Stops every process of the group where it is; resolves when none runs any more. */
export async function freeze(layout: CgroupLayout, name: string): Promise<void> {
  const { root, version } = freezerOf(layout);
  const directory = join(root, name);
  if (version === 2) {
    await writeFile(join(directory, "cgroup.freeze"), "1");
    await until(`${name} is frozen`, async () =>
      /^frozen 1$/m.test(await readFile(join(directory, "cgroup.events"), "utf8")),
    );
    return;
  }
  const state = join(directory, "freezer.state");
  let attempts = 0;
  await until(`${name} is frozen`, async () => {
    attempts += 1;
    // A parent that waits for its frozen vfork child cannot be frozen itself: both must get on for a moment.
    if (attempts % 20 === 0) {
      await writeFile(state, "THAWED");
      await delay(5);
    }
    // Written each time: a process that was forked meanwhile is caught by asking again.
    await writeFile(state, "FROZEN");
    return (await readFile(state, "utf8")).trim() === "FROZEN";
  });
}

/** Lets a frozen group run on. A group that is gone or not frozen is left as it is. */
export async function thaw(layout: CgroupLayout, name: string): Promise<void> {
  if (!layout.freezer) return;
  const { root, version } = layout.freezer;
  const [file, value] = version === 2 ? ["cgroup.freeze", "0"] : ["freezer.state", "THAWED"];
  await writeIfThere(join(root, name, file), value);
}

/** Kills every process of the group, frozen or not; resolves when there is none left. */
export async function killAll(layout: CgroupLayout, name: string): Promise<void> {
  // Those that multiply would do so faster than one after the other is killed.
  if (layout.pids) await writeIfThere(join(layout.pids.root, name, "pids.max"), "0");
  const isDone = async () => {
    const processes = await processesOf(layout, name);
    if (processes.length === 0) return true;
    for (const pid of processes) killNow(pid);
    // In v1 a frozen process dies only once it may run again, and each group has a state of its own.
    const groups = layout.freezer ? await groupsBelow(join(layout.freezer.root, name)) : [];
    for (const group of groups) await thaw(layout, relative(layout.freezer?.root ?? "/", group));
    return false;
  };
  await until(`every process of ${name} is dead`, isDone, deathMs);
}

/** Removes the group (without processes) and those below it from every hierarchy. */
export async function removeGroup(layout: CgroupLayout, name: string): Promise<void> {
  for (const hierarchy of layout.hierarchies) {
    for (const directory of (await groupsBelow(join(hierarchy, name))).toReversed()) {
      // The last process may still be a zombie that its parent has not waited for.
      await until(`${directory} is removed`, () => removeOne(directory), deathMs);
    }
  }
}

/** Names of the groups right below `name`, over all hierarchies. */
export async function childGroups(layout: CgroupLayout, name: string): Promise<string[]> {
  const names = await Promise.all(
    layout.hierarchies.map((hierarchy) => subdirectories(join(hierarchy, name))),
  );
  return [...new Set(names.flat())].map((child) => `${name}/${child}`);
}

function freezerOf(layout: CgroupLayout) {
  if (layout.freezer) return layout.freezer;
  throw new AppError("CGROUP_FREEZER_MISSING", "This machine has no cgroup freezer.", {
    remedy: "Mount the v1 freezer controller, or boot with cgroup v2.",
  });
}

async function removeOne(directory: string): Promise<boolean> {
  try {
    await rmdir(directory);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EBUSY") return false;
    if (isGone(error)) return true;
    throw error;
  }
}

// Parents before children.
async function groupsBelow(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  const below = await Promise.all(
    (await subdirectories(directory)).map((name) => groupsBelow(join(directory, name))),
  );
  return [directory, ...below.flat()];
}

async function subdirectories(directory: string): Promise<string[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Kills one process; nothing when it is gone. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

async function until(what: string, done: () => Promise<boolean>, limitMs = patienceMs): Promise<void> {
  const watch = new Stopwatch();
  while (!(await done())) {
    const waitedMs = watch.ms;
    if (waitedMs > limitMs) {
      throw new AppError("CGROUP_STUCK", `After ${limitMs / 1000} s it is still not so that ${what}.`, {
        status: "INTERNAL",
        remedy:
          "A process in uninterruptible sleep does this (see `ps -eo pid,stat,wchan,args`): check its disk.",
      });
    }
    await delay(Math.min(Math.max(waitedMs * pollPart, leastPollMs), mostPollMs));
  }
}
