import { GenericResult_GenericStatus as Status } from "@dorian/protocol/modal";
import type { CallInput } from "./function-call.ts";
import type { InputState } from "./input-state.ts";

/** How a call or an input stands, in the words of the command line. */
export type CallStatus =
  | "waiting"
  | "running"
  | "succeeded"
  | "failed"
  | "timeout"
  | "cancelled"
  /** What it was given and gave is not kept any more. */
  | "expired";

/** An input, as far as a summary looks at it. */
export interface SeenInput {
  state: InputState["kind"];
  /** UNSPECIFIED while unfinished. */
  status: Status;
  /** Unix seconds; 0: no container has begun with it. */
  startedAtSecs: number;
  finishedAtMs: number | undefined;
  /** What is called of a class; empty for a function. */
  method: string;
}

export function seenInput({ state, output, method }: CallInput): SeenInput {
  const runningSince = state.kind === "running" ? state.startedAtMs / 1000 : 0;
  return {
    state: state.kind,
    status: output?.status ?? Status.UNSPECIFIED,
    startedAtSecs: output?.startedAtSecs ?? runningSince,
    finishedAtMs: state.kind === "finished" ? state.atMs : undefined,
    method,
  };
}

export function statusOfInput({ state, status }: Pick<SeenInput, "state" | "status">): CallStatus {
  if (state !== "finished") return state === "running" ? "running" : "waiting";
  if (status === Status.SUCCESS) return "succeeded";
  if (status === Status.TIMEOUT) return "timeout";
  return status === Status.TERMINATED ? "cancelled" : "failed";
}

/** What a call is said to be when its inputs differ: the first of these that one of them is. */
const worstFirst = ["failed", "timeout", "cancelled", "succeeded"] as const;

export function statusOfCall(inputs: readonly SeenInput[], unfinished: number): CallStatus {
  if (inputs.length === 0) return unfinished > 0 ? "waiting" : "expired";
  const statuses = new Set(inputs.map(statusOfInput));
  if (unfinished > 0) return statuses.has("running") ? "running" : "waiting";
  return worstFirst.find((status) => statuses.has(status)) ?? "succeeded";
}
