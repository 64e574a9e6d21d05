import { create } from "@bufbuild/protobuf";
import { Warning_WarningType as WarningType, WarningSchema, type Warning } from "@dorian/protocol/modal";
import { neverPlaced } from "../../dispatch/placement/never-placed.ts";
import type { WorkerOffer } from "../../dispatch/placement/placement.ts";
import type { FunctionSpec } from "../../dispatch/ports.ts";

/** A warning for each function that none of the workers could ever run. None while there are no workers. */
export function roomWarnings(
  specs: readonly Pick<FunctionSpec, "tag" | "definition">[],
  workers: readonly WorkerOffer[],
): Warning[] {
  return specs.flatMap(({ tag, definition }) => {
    const reason = neverPlaced(definition, workers);
    const message = `${tag} cannot start: ${reason}. Its calls wait until a worker can take it.`;
    return reason === undefined
      ? []
      : [create(WarningSchema, { type: WarningType.FUNCTION_CONFIGURATION, message })];
  });
}
