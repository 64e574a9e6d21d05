import { join } from "node:path";
import type { CgroupLayout } from "./cgroup-layout.ts";
import { readIfThere } from "./group-files.ts";

/** Processes and threads of one group and of those below it. */
export interface ProcessCount {
  now: number;
  /** Infinite where none is set. */
  limit: number;
  /** How often one could not be begun since the group is there. */
  refused: number;
}

/** Undefined when the group is gone, or this machine does not count. */
export async function processCountOf(layout: CgroupLayout, name: string): Promise<ProcessCount | undefined> {
  if (!layout.pids) return undefined;
  const directory = join(layout.pids.root, name);
  const [now, limit, events] = await Promise.all(
    ["pids.current", "pids.max", "pids.events"].map((file) => readIfThere(join(directory, file))),
  );
  if (now === undefined || limit === undefined) return undefined;
  return {
    now: Number(now),
    limit: limit.trim() === "max" ? Number.POSITIVE_INFINITY : Number(limit),
    refused: Number(/^max (\d+)$/m.exec(events ?? "")?.[1] ?? 0),
  };
}
