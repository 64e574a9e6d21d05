import { hadItsTurn } from "../placement/held-room.ts";
import type { PlacedTask, Tenure } from "../placement/placement-plan.ts";
import type { Task, TaskOwner } from "./task.ts";

/** A container as far as its room is concerned. */
export interface Tenant extends Pick<
  Task,
  "taskId" | "workerId" | "state" | "isLeaving" | "load" | "uses" | "idleSinceMs" | "moments"
> {
  readonly owner: Pick<TaskOwner, "need" | "kept">;
}

/** What becomes of the room of containers that have a place, in the order in which they should leave. */
export function tenuresOf(live: Iterable<Tenant>, elapsedMs: number): PlacedTask[] {
  const siblings = new Map<Tenant["owner"], Tenant[]>();
  for (const task of live) {
    if (task.workerId === undefined) continue;
    const others = siblings.get(task.owner);
    if (others) others.push(task);
    else siblings.set(task.owner, [task]);
  }
  const placed: (PlacedTask & { rank: [number, number] })[] = [];
  for (const [owner, tasks] of siblings) {
    const staying = tasks.filter((task) => !task.isLeaving);
    const isIdle = (task: Tenant) => owner.need === "warmth" && task.load === 0;
    const spare = new Set(
      staying.filter(isIdle).toSorted(longestIdleFirst).slice(0, surplusOf(owner, staying)),
    );
    const tenureOf = (task: Tenant): Tenure => {
      if (task.isLeaving) return task.state === "draining" && task.load > 0 ? "finishing" : "leaving";
      if (isIdle(task)) return spare.has(task) ? "spare" : "kept";
      if (owner.need === undefined) return "settled";
      return mayTakeLeave(task, elapsedMs) ? "busy" : "fresh";
    };
    for (const task of tasks) {
      const { taskId, workerId = "", uses } = task;
      const isAlone = staying.length === 1 ? 1 : 0;
      const tenure = tenureOf(task);
      const rank: [number, number] =
        tenure === "busy" ? [isAlone, task.moments.ready ?? 0] : [0, idleSince(task)];
      placed.push({ taskId, workerId, uses, tenure, rank });
    }
  }
  return placed.toSorted((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1]);
}

function surplusOf({ kept = Infinity }: Tenant["owner"], staying: readonly Tenant[]): number {
  return Math.max(0, staying.length - kept);
}

function longestIdleFirst(a: Tenant, b: Tenant): number {
  return idleSince(a) - idleSince(b);
}

/** One that has not even started would lose most. */
function idleSince(task: Tenant): number {
  return task.state === "ready" ? task.idleSinceMs : Number.MAX_SAFE_INTEGER;
}

function mayTakeLeave({ moments }: Tenant, elapsedMs: number): boolean {
  if (moments.ready === undefined) return false;
  const startMs = moments.placed === undefined ? 0 : moments.ready - moments.placed;
  return hadItsTurn({ servedMs: elapsedMs - moments.ready, startMs });
}
