import { existsSync, statSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { asFileOwner } from "@dorian/linux/file-owner";
import { instanceOf } from "./leftovers.ts";

/** A container as the machine sees it, without asking the server. */
export interface RunningContainer {
  taskId: string;
  /** On this machine, of the program that the container was started for. */
  pid: number;
  /** Where a path of the container lies on this machine. */
  path(inside: string): string;
  /** Makes an empty file in it, as its root: the machine's own may be nobody there. */
  touch(inside: string): void;
}

/**
 * Every process of every container that the worker of a data directory runs now, from the moment it has begun. By their control groups:
 * on a machine with many processes a look at each takes longer than a container's start.
 */
export async function containerProcesses(dataDirectory: string): Promise<{ taskId: string; pid: number }[]> {
  const hierarchy = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].find((path) => existsSync(path)) ?? "";
  const group = join(hierarchy, `dorian-${await instanceOf(dataDirectory)}`);
  const found: { taskId: string; pid: number }[] = [];
  for (const taskId of (await unlessAbsent(readdir(group))) ?? []) {
    if (!taskId.startsWith("ta-")) continue;
    const pids = await readFile(join(group, taskId, "cgroup.procs"), "utf8").catch(() => "");
    for (const pid of pids.split("\n")) if (pid !== "") found.push({ taskId, pid: Number(pid) });
  }
  return found;
}

/** Containers that the worker of a data directory runs now. */
export async function containersOf(dataDirectory: string): Promise<RunningContainer[]> {
  const found: RunningContainer[] = [];
  for (const { taskId, pid } of await containerProcesses(dataDirectory)) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const parent = /^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? "";
    const parentStatus = await readFile(`/proc/${parent}/status`, "utf8").catch(() => "");
    // It is a child of the init, which has the number 1 in the container's namespace.
    if (!/^NSpid:.*\s1$/m.test(parentStatus) || !/^Name:\s+(node|MainThread|python\S*)$/m.test(status))
      continue;
    const path = (inside: string) => join(`/proc/${pid}/root`, inside);
    const touch = (inside: string) =>
      asFileOwner(statSync(path("/")).uid, () => writeFileSync(path(inside), ""));
    found.push({ taskId, pid, path, touch });
  }
  return found;
}

/** Waits for `count` containers in which `inside` exists: a file that the code under test writes when it is far enough. */
export async function containersWith(
  dataDirectory: string,
  inside: string,
  options: { count?: number; timeoutMs?: number } = {},
): Promise<RunningContainer[]> {
  const { count = 1, timeoutMs = 60_000 } = options;
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const all = await containersOf(dataDirectory);
    const there = await Promise.all(all.map((container) => exists(container.path(inside))));
    const found = all.filter((_, index) => there[index]);
    if (found.length >= count) return found;
    if (performance.now() > deadlineMs) {
      throw new Error(
        `${found.length} of ${all.length} containers have ${inside}, ${count} should after ${timeoutMs} ms`,
      );
    }
    await delay(50);
  }
}

function exists(path: string): Promise<boolean> {
  return readFile(path).then(
    () => true,
    () => false,
  );
}
