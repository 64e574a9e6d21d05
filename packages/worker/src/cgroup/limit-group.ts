import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@dorian/base/app-error";
import type { CgroupLayout, Controller } from "./cgroup-layout.ts";

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
 * Makes the group `name` ("/dorian-1a2b3c4d") and limits all that will run in it together. Returns what could not be
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
      // In v2 a group has the files of a controller once its parent passes it on.
      if (controller.version === 2)
        await writeFile(join(controller.root, "cgroup.subtree_control"), `+${kind}`);
      const files = filesOf(kind, controller, limits, layout);
      for (const [file, value] of files) await writeFile(join(directory, file), value);
    } catch (error) {
      failures.push(`The ${kind} limit of all containers together could not be set: ${messageOf(error)}.`);
    }
  }
  return failures;
}

function filesOf(
  kind: "memory" | "pids" | "cpu",
  { version, root }: Controller,
  limits: GroupLimits,
  layout: CgroupLayout,
): [file: string, value: string][] {
  const { milliCpu } = limits;
  const quota = milliCpu === undefined ? undefined : String(Math.max(1000, milliCpu * (cpuPeriodUs / 1000)));
  switch (kind) {
    case "pids":
      return [["pids.max", String(limits.pids)]];
    case "memory": {
      const bytes = String(limits.memoryBytes);
      if (version === 2)
        return [
          ["memory.max", bytes],
          ...(layout.swapAccounting ? [["memory.swap.max", "0"] as [string, string]] : []),
        ];
      return [
        // Without it, kernels before 5.11 count what a group's children use for themselves alone.
        ...(existsSync(join(root, "memory.use_hierarchy"))
          ? [["memory.use_hierarchy", "1"] as [string, string]]
          : []),
        ["memory.limit_in_bytes", bytes],
        ...(layout.swapAccounting ? [["memory.memsw.limit_in_bytes", bytes] as [string, string]] : []),
      ];
    }
    case "cpu":
      if (version === 2) {
        return [
          ["cpu.weight", String(limits.cpuWeight)],
          ["cpu.max", `${quota ?? "max"} ${cpuPeriodUs}`],
        ];
      }
      return [
        [
          "cpu.shares",
          String(Math.max(leastShares, Math.round((limits.cpuWeight * sharesOfOrdinary) / 100))),
        ],
        ["cpu.cfs_period_us", String(cpuPeriodUs)],
        ["cpu.cfs_quota_us", quota ?? "-1"],
      ];
  }
}
