import {
  GenericResult_GenericStatus as Status,
  type FunctionGetCallGraphResponse,
} from "@dorian/protocol/modal";

/** How an input of a call stands. */
export type InputStatus = "pending" | "succeeded" | "failed" | "timed out" | "cancelled";

/** An input, and what was called while it ran. */
export interface CallGraphInput {
  /** Begins with "in-". */
  inputId: string;
  /** Begins with "fc-". */
  functionCallId: string;
  /** "train", or "Model.*" for methods of a class. */
  functionName: string;
  /** The container that works on it, or that answered it last; empty before there is one. */
  taskId: string;
  /** How it stands at this moment. */
  status: InputStatus;
  /** Inputs of the calls that its code made. */
  children: CallGraphInput[];
}

/** The inputs of the call that all began with, each with what it led to. An input whose caller is not kept any more stands with them. */
export function graphOf({ functionCalls, inputs }: FunctionGetCallGraphResponse): CallGraphInput[] {
  const calls = new Map(functionCalls.map((call) => [call.functionCallId, call]));
  const nodes = new Map(
    inputs.map(({ inputId, functionCallId, taskId, status }) => {
      const functionName = calls.get(functionCallId)?.functionName ?? "";
      const node = { inputId, functionCallId, functionName, taskId, status: statusOf(status), children: [] };
      return [inputId, node as CallGraphInput];
    }),
  );
  const first: CallGraphInput[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(calls.get(node.functionCallId)?.parentInputId ?? "");
    (parent ? parent.children : first).push(node);
  }
  return first;
}

function statusOf(status: Status): InputStatus {
  if (status === Status.UNSPECIFIED) return "pending";
  if (status === Status.SUCCESS) return "succeeded";
  if (status === Status.TIMEOUT) return "timed out";
  return status === Status.TERMINATED ? "cancelled" : "failed";
}
