import { chooseEvictions } from "../placement/evictions.ts";
import { place, type WorkerOffer } from "../placement/placement.ts";
import type { ResourceRequest } from "../placement/resource-request.ts";
import type { Task } from "./task.ts";

/**
 * Idle containers to let go so that `request`, which fits nowhere now, does. None when those that are leaving anyway
 * make room enough.
 */
export function roomToMake(
  request: ResourceRequest,
  offers: readonly WorkerOffer[],
  running: { tasks: readonly Task[]; isSpare: (task: Task) => boolean },
): string[] {
  const leaving = running.tasks.filter((task) => task.isLeaving && task.workerId !== undefined);
  const soon = offers.map((offer) => afterThey(leaving, offer));
  if (place(request, soon).kind === "placed") return [];
  const idle = running.tasks.flatMap(({ taskId, workerId, uses, idleSinceMs, state, load }) =>
    workerId !== undefined && state === "ready" && load === 0
      ? [{ taskId, workerId, uses, idleSinceMs }]
      : [],
  );
  const spare = new Set(running.tasks.filter(running.isSpare).map((task) => task.taskId));
  return chooseEvictions(
    request,
    soon,
    idle.filter((task) => spare.has(task.taskId)),
  );
}

function afterThey(leaving: readonly Task[], offer: WorkerOffer): WorkerOffer {
  const coming = leaving.filter((task) => task.workerId === offer.workerId);
  return {
    ...offer,
    free: {
      milliCpu: coming.reduce((sum, task) => sum + task.uses.milliCpu, offer.free.milliCpu),
      memoryMb: coming.reduce((sum, task) => sum + task.uses.memoryMb, offer.free.memoryMb),
      gpus: [...offer.free.gpus, ...coming.flatMap((task) => task.gpus)],
    },
  };
}
