import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TaskExitedSchema } from "@dorian/protocol/worker";
import type { TaskEnd } from "../task/task-end.ts";

/** The end of a task, as the server is told of it. */
export function taskExited(taskId: string, end: TaskEnd): MessageInitShape<typeof TaskExitedSchema> {
  return {
    taskId,
    exitCode: end.exitCode,
    signal: end.signal,
    outOfMemory: end.outOfMemory,
    memoryLimitMb: BigInt(end.memoryLimitMb ?? 0),
    ...(end.failure ? { failure: end.failure } : {}),
    rootFrozen: end.frozen !== undefined,
    frozenLayerId: end.frozen?.layerId ?? "",
    frozenBytes: BigInt(end.frozen?.bytes ?? 0),
    failureStatus: end.failureStatus ?? "",
    isUnknown: end.isUnknown ?? false,
    wasStopped: end.wasStopped ?? false,
    wasLeaving: end.wasLeaving ?? false,
    ownSignal: end.ownSignal ?? "",
    heapFull: end.heapFull ?? false,
    interrupted: end.interrupted ?? false,
  };
}
