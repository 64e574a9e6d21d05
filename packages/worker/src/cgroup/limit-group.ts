import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@dorian/base/app-error";
import type { CgroupLayout } from "./cgroup-layout.ts";

export interface GroupLimits {
  memoryBytes: number;
  pids: number;
  /** Beside other groups of the machine, from 1 to 10000; 100 is what an ordinary one has. */
  cpuWeight: number;
  /** Thousandths of a core; absent for as much as there is. */
  milliCpu?: number;
}

const cpuPeriodUs = 100_000;
/** What 100 of the newer weights are in the older terms. */
const sharesOfOrdinary = 1024;
const leastShares = 2;

/**
 * Makes the group `name` ("/dorian-1a2b3c4d", or one in it) and limits all that will run in it together. Returns what could not be
 * set, in words: containers run all the same then, each within limits of its own.
 */
export async function limitGroup(layout: CgroupLayout, name: string, limits: GroupLimits): Promise<string[]> {
  const failures: string[] = [];
  for (const kind of ["memory", "pids", "cpu"] as const) {
    const controller = layout[kind];
    try {
      if (!controller) throw new Error("this machine has no such control group");
      const directory = join(controller.root, name);
      await mkdir(directory, { recursive: true });
      // In v2 a group has the files of a controller once its parents pass it on.
      for (const parent of controller.version === 2 ? parentsOf(name) : [])
        await writeFile(join(controller.root, parent, "cgroup.subtree_control"), `+${kind}`);
      for (const { file, value, optional } of settingsOf(kind, controller.version, limits)) {
        if (!optional || existsSync(join(directory, file))) await writeFile(join(directory, file), value);
      }
    } catch (error) {
      failures.push(`The ${kind} limit of all containers together could not be set: ${messageOf(error)}.`);
    }
  }
  return failures;
}

/** A file of a group and what to write to it. */
interface Setting {
  file: string;
  value: string;
  /** Not every kernel has it. */
  optional?: true;
}

/** From the root down: of "/a/b" the root and "/a". */
function parentsOf(name: string): string[] {
  const steps = name.split("/").slice(1, -1);
  return ["", ...steps.map((_, index) => `/${steps.slice(0, index + 1).join("/")}`)];
}

function settingsOf(kind: "memory" | "pids" | "cpu", version: 1 | 2, limits: GroupLimits): Setting[] {
  const { milliCpu, cpuWeight } = limits;
  const quota = milliCpu === undefined ? undefined : String(Math.max(1000, milliCpu * (cpuPeriodUs / 1000)));
  const bytes = String(limits.memoryBytes);
  switch (kind) {
    case "pids":
      return [{ file: "pids.max", value: String(limits.pids) }];
    case "memory":
      if (version === 2) {
        return [
          { file: "memory.max", value: bytes },
          { file: "memory.swap.max", value: "0", optional: true },
        ];
      }
      return [
        // Without it, kernels before 5.11 count what a group's children use for themselves alone.
        { file: "memory.use_hierarchy", value: "1", optional: true },
        { file: "memory.limit_in_bytes", value: bytes },
        { file: "memory.memsw.limit_in_bytes", value: bytes, optional: true },
      ];
    case "cpu":
      if (version === 2) {
        return [
          { file: "cpu.weight", value: String(cpuWeight) },
          { file: "cpu.max", value: `${quota ?? "max"} ${cpuPeriodUs}` },
        ];
      }
      return [
        {
          file: "cpu.shares",
          value: String(Math.max(leastShares, Math.round((cpuWeight * sharesOfOrdinary) / 100))),
        },
        { file: "cpu.cfs_period_us", value: String(cpuPeriodUs) },
        { file: "cpu.cfs_quota_us", value: quota ?? "-1" },
      ];
  }
}
