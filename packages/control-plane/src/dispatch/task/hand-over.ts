import type { Tasks } from "./tasks.ts";

/**
 * Has a worker that takes no more work come to have none. Containers finish what they have; those that have not begun are ended, and
 * what waits for them goes elsewhere, without a word of a failed start. One with work of its own goes on to its end.
 */
export function handOver(
  tasks: Pick<Tasks, "onWorker" | "stop" | "drain">,
  worker: { workerId: string; name: string },
): void {
  const reason = `its worker ${worker.name} takes no more work`;
  for (const task of tasks.onWorker(worker.workerId)) {
    if (task.facts.isBuilder || task.owner.asksForWork === false) continue;
    if (task.state === "ready") tasks.drain(task, reason);
    else if (!task.isLeaving) tasks.stop(task, { graceSecs: 0, reason, quiet: true });
  }
}
