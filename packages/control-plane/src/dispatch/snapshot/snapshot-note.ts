import type { SnapshotTaken } from "@dorian/protocol/worker";
import type { ContainerPlan } from "../ports.ts";

/** What the log of a container says of its snapshot. */
export function snapshotNote({ bytes, tookMs, failure }: SnapshotTaken): string {
  if (failure !== "") return `No memory snapshot was taken: ${failure} Its containers start without one.`;
  const mebibytes = Math.round(Number(bytes) / 2 ** 20);
  return `A memory snapshot of ${mebibytes} MiB was taken in ${(tookMs / 1000).toFixed(1)} s. Containers are brought back from it from now on.`;
}

/** What it says of a function that shall have one and has none. */
export function absenceNote(snapshots: ContainerPlan["snapshots"]): string {
  if (typeof snapshots === "object")
    return `No memory snapshot is taken: ${snapshots.refusal}. Each container starts anew.`;
  return "Its worker has nothing to take memory snapshots with, or runs what it can in gVisor, so each container starts anew. `dorian doctor` says what it has.";
}
