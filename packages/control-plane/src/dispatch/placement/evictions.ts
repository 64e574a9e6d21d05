import { place, type Resources, type WorkerOffer } from "./placement.ts";
import type { ResourceRequest } from "./resource-request.ts";
import { giveBack } from "./room.ts";

/** A container that could be stopped for another's sake. */
export interface Evictable {
  taskId: string;
  workerId: string;
  uses: Resources;
}

/**
 * Which of `evictable` to stop so that `request` fits: those that come first, no more than needed, and none at all when
 * stopping them would not help.
 */
export function chooseEvictions<T extends Evictable>(
  request: ResourceRequest,
  workers: readonly WorkerOffer[],
  evictable: readonly T[],
): { workerId: string; evicted: T[] } | undefined {
  for (let count = 1; count <= evictable.length; count++) {
    const placement = place(request, afterThey(evictable.slice(0, count), workers));
    if (placement.kind === "waiting") continue;
    const { workerId } = placement;
    let evicted = evictable.slice(0, count).filter((task) => task.workerId === workerId);
    const worker = workers.filter((offer) => offer.workerId === workerId);
    // The last to be chosen may give room enough without some that were chosen before it: those of most worth stay.
    for (const task of evicted.toReversed()) {
      const others = evicted.filter((each) => each !== task);
      if (place(request, afterThey(others, worker)).kind === "placed") evicted = others;
    }
    return { workerId, evicted };
  }
  return undefined;
}

function afterThey(gone: readonly Evictable[], workers: readonly WorkerOffer[]): WorkerOffer[] {
  return gone.reduce<WorkerOffer[]>(giveBack, [...workers]);
}
