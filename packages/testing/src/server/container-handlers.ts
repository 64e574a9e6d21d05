import { must } from "@dorian/base/must";
import { DataFormat, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Calls } from "./calls.ts";
import type { CallInput } from "./function-call.ts";
import type { Pool } from "./pool.ts";
import type { Task } from "./task.ts";

/** What a container asks for and tells. */
export function containerHandlers({
  task,
  pool,
  calls,
}: {
  task: () => Task;
  /** Of its function, or of its parameter set. */
  pool: Pool;
  calls: Calls;
}) {
  const cancelled = { next: undefined as AsyncIterator<string> | undefined };
  const inputOf = (functionCallId: string, inputId: string) =>
    [...calls.require(functionCallId).inputs.values()].find((input) => input.inputId === inputId);
  return {
    containerHello: async () => ({}),
    containerHeartbeat: async (_, { signal }) => {
      cancelled.next ??= task().cancelled[Symbol.asyncIterator]();
      const aborted = new Promise<undefined>((resolve) =>
        signal.addEventListener("abort", () => resolve(undefined), { once: true }),
      );
      const next = await Promise.race([cancelled.next.next(), aborted]);
      if (next === undefined || next.done) return {};
      return { cancelInputEvent: { inputIds: [next.value], cancellationReason: "The call was cancelled." } };
    },
    functionGetInputs: async (_, { signal }) => {
      const inputs = await pool.next(task(), signal);
      return { inputs: inputs.length === 0 ? [{ killSwitch: true }] : inputs.map(itemOf) };
    },
    functionGetDynamicConcurrency: async ({ maxConcurrency }) => ({ concurrency: maxConcurrency }),
    functionPutOutputs: async ({ outputs }) => {
      for (const { functionCallId, inputId, result, dataFormat } of outputs) {
        const input = inputOf(functionCallId, inputId);
        const outcome = {
          result: must(result, "the result of an output"),
          dataFormat,
          taskId: task().taskId,
        };
        if (input) pool.finish(input, outcome);
      }
      return {};
    },
    taskResult: async ({ result }) => {
      if (result) pool.startFailed(task(), result);
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function itemOf({ inputId, call, idx, input, retries }: CallInput) {
  return {
    inputId,
    input: { ...input, dataFormat: input.dataFormat || DataFormat.CBOR },
    functionCallId: call.callId,
    functionCallInvocationType: call.invocationType,
    retryCount: retries,
    functionMapIdx: idx,
  };
}
