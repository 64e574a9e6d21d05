import type { ContainerPlan } from "../ports.ts";
import type { SnapshotPart } from "./snapshot-part.ts";

/** Arguments of a container that tell its guest to stand still once, where a snapshot can be taken. */
export function withSnapshot(
  given: ContainerPlan["arguments"],
  { kind }: SnapshotPart,
): ContainerPlan["arguments"] {
  if (kind !== "take" || !given.functionDef) return given;
  return {
    ...given,
    checkpointId: "ch-1",
    functionDef: { ...given.functionDef, isCheckpointingFunction: true },
  };
}
