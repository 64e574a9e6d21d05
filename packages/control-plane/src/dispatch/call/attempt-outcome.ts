import type { DataFormat, GenericResult } from "@dorian/protocol/modal";
import type { CallInput } from "./function-call.ts";

/** How an attempt ended, as its container or the server tells it. */
export interface AttemptOutcome {
  result: GenericResult;
  format: DataFormat;
  taskId: string;
  /** Unix seconds. */
  startedAtSecs: number;
  createdAtSecs: number;
}

/** An outcome that the server gives, in place of a container. */
export function serverOutcome({ state }: CallInput, result: GenericResult, nowMs: number): AttemptOutcome {
  const now = nowMs / 1000;
  return {
    result,
    format: 0,
    taskId: state.kind === "running" ? state.taskId : "",
    startedAtSecs: state.kind === "running" ? state.startedAtMs / 1000 : now,
    createdAtSecs: now,
  };
}
