import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { must } from "@dorian/base/must";
import {
  FunctionCallInvocationType,
  FunctionCallType,
  type FunctionGetOutputsRequest,
  type FunctionPutInputsItem,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { FunctionCall } from "./function-call.ts";
import type { Functions } from "./functions.ts";
import type { Pool } from "./pool.ts";
import type { TestFunction } from "./test-function.ts";

/** How many inputs a map may have out at once. */
const maxInputsOutstanding = 1_000;

/** Calls as their callers see them. */
export class Calls {
  #functions: Functions;
  #nowMs: () => number;
  #byId = new Map<string, FunctionCall>();

  constructor(options: { functions: Functions; nowMs: () => number }) {
    this.#functions = options.functions;
    this.#nowMs = options.nowMs;
  }

  get all(): Iterable<FunctionCall> {
    return this.#byId.values();
  }

  open(
    target: TestFunction,
    facts: {
      type?: FunctionCallType;
      invocationType?: FunctionCallInvocationType;
      parentInputId?: string;
    } = {},
  ): FunctionCall {
    const { type = FunctionCallType.UNARY, invocationType = 0, parentInputId = "" } = facts;
    const call = new FunctionCall({
      target,
      type,
      invocationType,
      parentInputId,
      createdAtMs: this.#nowMs(),
    });
    this.#byId.set(call.callId, call);
    return call;
  }

  put(call: FunctionCall, items: readonly FunctionPutInputsItem[]): { idx: number; inputId: string }[] {
    return items.map((item) => {
      const { input, isNew } = call.add(item, this.#nowMs());
      if (isNew) this.#poolOf(call).enqueue(input);
      return { idx: input.idx, inputId: input.inputId };
    });
  }

  require(callId: string): FunctionCall {
    const call = this.#byId.get(callId);
    if (call) return call;
    throw new AppError("CALL_NOT_FOUND", `There is no call ${callId} in this run.`, {
      status: "NOT_FOUND",
      remedy: "Read a call in the run in which it was made.",
    });
  }

  get handlers() {
    return {
      functionMap: async (request, { signal }) => {
        const target = this.#functions.require(request.functionId);
        const { functionCallType, functionCallInvocationType: invocationType, parentInputId } = request;
        const type = functionCallType || FunctionCallType.UNARY;
        const call = this.open(target, { type, invocationType, parentInputId });
        const pipelinedInputs = this.put(call, request.pipelinedInputs);
        const wanted = { lastEntryId: "", timeout: request.outputWaitSecs };
        const [output] = request.outputWaitSecs > 0 ? await newOutputs(call, wanted, signal) : [];
        return {
          functionCallId: call.callId,
          pipelinedInputs,
          maxInputsOutstanding,
          ...(output ? { output } : {}),
        };
      },
      functionPutInputs: async ({ functionCallId, inputs }) => ({
        inputs: this.put(this.require(functionCallId), inputs),
      }),
      functionFinishInputs: async ({ functionCallId }) => {
        this.require(functionCallId);
        return {};
      },
      functionGetOutputs: async (request, { signal }) => {
        const call = this.require(request.functionCallId);
        const outputs = await newOutputs(call, request, signal);
        const cursor =
          outputs.length > 0 ? call.outputs.indexOf(must(outputs.at(-1), "the last output")) + 1 : undefined;
        return {
          outputs,
          idxs: outputs.map(({ idx }) => idx),
          lastEntryId: cursor === undefined ? request.lastEntryId || "0-0" : `${cursor}-0`,
          numUnfinishedInputs: call.unfinished,
        };
      },
      functionCallFromId: async ({ functionCallId }) => {
        const { inputs, target } = this.require(functionCallId);
        return { functionCallId, numInputs: inputs.size, metadata: { appId: target.appId } };
      },
      functionCallCancel: async ({ functionCallId }) => {
        const call = this.require(functionCallId);
        for (const input of call.inputs.values()) this.#poolOf(call).cancel(input);
        return {};
      },
      functionCallPutDataOut: async ({ callInfoOneof, dataChunks }) => {
        const call = this.require(String(callInfoOneof.value));
        if (call.unfinished === 0) return {};
        const last = call.chunks.at(-1)?.index ?? 0n;
        call.chunks.push(...dataChunks.filter(({ index }) => index > last));
        call.changed.notify();
        return {};
      },
      functionCallGetDataOut: (request, { signal }) =>
        chunksAfter(this.require(String(request.callInfoOneof.value)), request.lastIndex, signal),
    } satisfies ServiceHandlers<typeof ModalClient>;
  }

  #poolOf({ target }: FunctionCall): Pool {
    return this.#functions.require(target.functionId).pool;
  }
}

type Wanted = Pick<FunctionGetOutputsRequest, "timeout" | "lastEntryId"> &
  Partial<Pick<FunctionGetOutputsRequest, "startIdx" | "endIdx" | "maxValues">>;

/** Outputs that the reader has not seen; waits for one, unless nothing more can come or its time is over. */
async function newOutputs(call: FunctionCall, wanted: Wanted, signal: AbortSignal) {
  const { startIdx = -Infinity, endIdx = Infinity } = wanted;
  const seen = Number.parseInt(wanted.lastEntryId, 10) || 0;
  const deadline = new Deadline(wanted.timeout * 1000);
  for (;;) {
    const found = call.outputs.slice(seen).filter(({ idx }) => idx >= startIdx && idx <= endIdx);
    const isComplete = call.type === FunctionCallType.UNARY && call.inputs.size > 0 && call.unfinished === 0;
    if (found.length > 0 || isComplete || deadline.isOver)
      return found.slice(0, wanted.maxValues || undefined);
    await call.changed.wait({ signal, timeoutMs: deadline.leftMs });
  }
}

async function* chunksAfter(call: FunctionCall, lastIndex: bigint, signal: AbortSignal) {
  let next = call.chunks.findIndex(({ index }) => index > lastIndex);
  if (next === -1) next = call.chunks.length;
  for (;;) {
    for (; next < call.chunks.length; next++) yield must(call.chunks[next], "a value that was yielded");
    await call.changed.wait({ signal });
  }
}
