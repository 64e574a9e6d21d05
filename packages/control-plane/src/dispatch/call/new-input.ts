import { newId } from "@dorian/base/ids";
import type { FunctionPutInputsItem } from "@dorian/protocol/modal";
import type { CallInput, FunctionCall } from "./function-call.ts";

/** An input of a call as it begins: it waits, and nobody has tried it. */
export function newInput(
  call: FunctionCall,
  item: FunctionPutInputsItem,
  clocks: { nowMs: number; elapsedMs: number },
): CallInput {
  return {
    inputId: newId("in"),
    call,
    idx: item.idx,
    createdAtMs: clocks.nowMs,
    waitingSinceMs: clocks.elapsedMs,
    method: item.input?.methodName ?? "",
    request: item.input,
    state: { kind: "pending" },
    attempt: 0,
    userRetries: 0,
    deliveries: 0,
    deaths: 0,
    killsAlone: 0,
    isSuspect: false,
    output: undefined,
    saved: false,
  };
}
