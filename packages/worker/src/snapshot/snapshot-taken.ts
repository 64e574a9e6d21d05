import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SnapshotTakenSchema } from "@dorian/protocol/worker";
import type { SnapshotOutcome } from "./take-snapshot.ts";

/** What the server is told of a snapshot. */
export function snapshotTaken(
  taskId: string,
  outcome: SnapshotOutcome,
): Exclude<MessageInitShape<typeof SnapshotTakenSchema>, { $typeName: string }> {
  const { tookMs } = outcome;
  if ("failure" in outcome) return { taskId, failure: outcome.failure, tookMs };
  return { taskId, layerId: outcome.layerId, bytes: BigInt(outcome.bytes), tookMs };
}
