import { place, type Resources, type WorkerOffer } from "./placement.ts";
import type { ResourceRequest } from "./resource-request.ts";

/** A container that does nothing now and could be stopped for another's sake. */
export interface IdleTask {
  taskId: string;
  workerId: string;
  uses: Resources;
  idleSinceMs: number;
}

/**
 * Which idle containers to stop so that `request` fits: the longest idle first, no more than needed, and none at all
 * when stopping them would not help.
 */
export function chooseEvictions(
  request: ResourceRequest,
  workers: readonly WorkerOffer[],
  idle: readonly IdleTask[],
): string[] {
  const chosen: string[] = [];
  let offers = workers;
  for (const task of idle.toSorted((a, b) => a.idleSinceMs - b.idleSinceMs)) {
    chosen.push(task.taskId);
    offers = offers.map((offer) => (offer.workerId === task.workerId ? giveBack(offer, task.uses) : offer));
    const placement = place(request, offers);
    if (placement.kind === "placed") {
      const helpful = new Set(
        idle.filter((each) => each.workerId === placement.workerId).map((each) => each.taskId),
      );
      return chosen.filter((taskId) => helpful.has(taskId));
    }
  }
  return [];
}

function giveBack(offer: WorkerOffer, uses: Resources): WorkerOffer {
  return {
    ...offer,
    free: {
      milliCpu: offer.free.milliCpu + uses.milliCpu,
      memoryMb: offer.free.memoryMb + uses.memoryMb,
      gpus: [...offer.free.gpus, ...uses.gpus],
    },
  };
}
