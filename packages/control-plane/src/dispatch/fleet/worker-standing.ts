import { WorkerStanding as WireStanding } from "@dorian/protocol/worker";

/** Does a worker take new work? `draining`: an operator wants it to take none. `leaving`: it is about to end. */
export type WorkerStanding = "serving" | "draining" | "leaving";

const names: Record<WireStanding, WorkerStanding> = {
  [WireStanding.SERVING]: "serving",
  [WireStanding.DRAINING]: "draining",
  [WireStanding.LEAVING]: "leaving",
};

export function standingOf(wire: WireStanding | undefined): WorkerStanding {
  return names[wire ?? WireStanding.SERVING] ?? "serving";
}
