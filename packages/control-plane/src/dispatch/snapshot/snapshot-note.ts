import type { SnapshotTaken } from "@dorian/protocol/worker";

/** What the log of a container says of its snapshot. */
export function snapshotNote({ bytes, tookMs, failure }: SnapshotTaken): string {
  if (failure !== "") return `No memory snapshot was taken: ${failure} Its containers start without one.`;
  const mebibytes = Math.round(Number(bytes) / 2 ** 20);
  return `A memory snapshot of ${mebibytes} MiB was taken in ${(tookMs / 1000).toFixed(1)} s. Containers are brought back from it from now on.`;
}
