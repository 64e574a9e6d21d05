import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Calls } from "./calls.ts";
import type { FunctionCall } from "./function-call.ts";

/** What led to a call, and what it led to. */
export function callGraphHandlers(calls: Calls) {
  const callOf = (inputId: string): FunctionCall | undefined =>
    [...calls.all].find((call) => [...call.inputs.values()].some((input) => input.inputId === inputId));

  return {
    functionGetCallGraph: async ({ functionCallId }) => {
      let top = calls.require(functionCallId);
      for (let above = callOf(top.parentInputId); above; above = callOf(top.parentInputId)) top = above;
      const found = new Set([top]);
      for (const call of found) {
        const inputIds = [...call.inputs.values()].map(({ inputId }) => inputId);
        for (const other of calls.all) if (inputIds.includes(other.parentInputId)) found.add(other);
      }
      return {
        functionCalls: [...found].map(({ callId, parentInputId, target }) => ({
          functionCallId: callId,
          parentInputId: callId === top.callId ? "" : parentInputId,
          functionName: target.tag,
        })),
        inputs: [...found].flatMap((call) =>
          [...call.inputs.values()].map(({ inputId, output }) => ({
            inputId,
            functionCallId: call.callId,
            taskId: output?.taskId ?? "",
            status: output?.result?.status ?? 0,
          })),
        ),
      };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
