import { chooseEvictions, type Evictable } from "./evictions.ts";
import { holdsRoom, type Wait } from "./held-room.ts";
import { place, type Placement, type WorkerOffer } from "./placement.ts";
import type { ResourceRequest } from "./resource-request.ts";
import { giveBack, takeAway, type Room } from "./room.ts";

/**
 * Why a container is wanted, the most urgent first. `first`: work waits, and nothing serves it. `more`: work waits for
 * more than what serves it. `warmth`: nothing waits for it.
 */
export type Need = "first" | "more" | "warmth";

export interface WantedTask extends Wait {
  taskId: string;
  request: ResourceRequest;
  /** What it has waited with, for as long as it says. */
  need: Need;
}

/**
 * What becomes of a container's room. `leaving`: it comes back soon. `finishing`: when its work is done. `spare`: it is
 * idle, and nobody asked for it to be kept. `kept`: it is idle, as somebody asked. `busy`: it works, and has had its
 * turn. `fresh`: it has not had it. `settled`: it stays.
 */
export type Tenure = "leaving" | "finishing" | "spare" | "kept" | "busy" | "fresh" | "settled";

export interface PlacedTask extends Evictable {
  tenure: Tenure;
}

export type Step =
  | { taskId: string; kind: "place"; placement: Extract<Placement, { kind: "placed" }> }
  | { taskId: string; kind: "wait"; reason: string; unmet: boolean; evict: readonly string[]; held: boolean };

/**
 * What to do for those that wait for a place: the needy before those that are only wanted warm, and the first to come
 * first. Idle containers leave for work that waits; for one that has waited for long, busy ones do too. Room that is
 * made for one is not given to another.
 *
 * @param placed In the order in which they should leave.
 */
export function planPlacements(
  wanted: readonly WantedTask[],
  placed: readonly PlacedTask[],
  workers: readonly WorkerOffer[],
): Step[] {
  const steps: Step[] = [];
  let free: readonly WorkerOffer[] = workers;
  let soon = placed.filter((task) => task.tenure === "leaving").reduce(giveBack, [...workers]);
  /** Containers whose room somebody has a claim to. */
  const claimed = new Set<string>();
  for (const wants of wanted.toSorted(byUrgency)) {
    const { taskId, request } = wants;
    const hold = (room: Room) => {
      free = takeAway(free, room);
      soon = takeAway(soon, room);
    };
    const placement = place(request, free);
    if (placement.kind === "placed") {
      hold({ workerId: placement.workerId, uses: { ...request, gpus: placement.gpus } });
      steps.push({ taskId, kind: "place", placement });
      continue;
    }
    const { reason, unmet } = placement;
    const evict: string[] = [];
    const step = { taskId, kind: "wait" as const, reason, unmet, evict, held: false };
    steps.push(step);
    if (unmet) continue;
    const coming = place(request, soon);
    if (coming.kind === "placed") {
      hold({ workerId: coming.workerId, uses: { ...request, gpus: coming.gpus } });
      continue;
    }
    for (const tenures of waysOut(wants)) {
      const evictable = tenures.flatMap((tenure) =>
        placed.filter((task) => task.tenure === tenure && !claimed.has(task.taskId)),
      );
      const chosen = chooseEvictions(request, soon, evictable);
      if (!chosen) continue;
      // They leave together, when the last has had its turn: until then nobody else gets at them.
      const isDue = chosen.evicted.every((task) => task.tenure !== "fresh");
      step.held = chosen.evicted.some((task) => !idle.includes(task.tenure));
      for (const task of chosen.evicted) {
        claimed.add(task.taskId);
        if (isDue && task.tenure !== "finishing") evict.push(task.taskId);
      }
      const made = chosen.evicted.reduce(giveBack, [...soon]);
      // What is left of the room of the busy is for others when it is there.
      if (!step.held) soon = made;
      const then = place(
        request,
        made.filter((offer) => offer.workerId === chosen.workerId),
      );
      if (then.kind === "placed") hold({ workerId: then.workerId, uses: { ...request, gpus: then.gpus } });
      break;
    }
  }
  return steps;
}

const idle: readonly Tenure[] = ["spare", "kept"];

/** Lists the containers whose room it may have, each list beginning with those who lose least. */
function waysOut(wants: WantedTask): (readonly Tenure[])[] {
  const { need } = wants;
  if (need === "warmth") return [];
  if (need === "more") return [["spare"]];
  return holdsRoom(wants) ? [idle, ["finishing", ...idle, "busy", "fresh"]] : [idle];
}

const urgency: Record<Need, number> = { first: 0, more: 1, warmth: 2 };

function byUrgency(a: WantedTask, b: WantedTask): number {
  return urgency[a.need] - urgency[b.need] || b.waitedMs - a.waitedMs;
}
