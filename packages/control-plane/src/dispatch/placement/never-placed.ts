import type { Function as FunctionDefinition } from "@dorian/protocol/modal";
import { place, type WorkerOffer } from "./placement.ts";
import { resourceRequestOf } from "./resource-request.ts";

/** Why no worker could ever run the function, however free; undefined when one could, and while there are none. */
export function neverPlaced(
  definition: FunctionDefinition,
  workers: readonly WorkerOffer[],
): string | undefined {
  if (workers.length === 0) return undefined;
  const placement = place(
    resourceRequestOf(definition),
    workers.map((offer) => ({ ...offer, free: offer.total })),
  );
  return placement.kind === "waiting" ? placement.reason : undefined;
}
