import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  FunctionCallType,
  type FunctionGetOutputsItemSchema,
  type FunctionGetOutputsRequest,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { CallStore } from "./call-store.ts";
import type { Calls } from "./calls.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";

type Item = MessageInitShape<typeof FunctionGetOutputsItemSchema>;

/** Longest time in seconds that a reader is kept waiting. */
const longestPollSecs = 60;
const maxItems = 1_000;
const maxBytes = 16 * 1024 * 1024;

/** Reading the outputs of calls. */
export function outputHandlers(options: {
  calls: Calls;
  store: CallStore;
}): Pick<ServiceHandlers<typeof ModalClient>, "functionGetOutputs"> {
  const { calls, store } = options;
  return {
    async functionGetOutputs(request, context) {
      const call = await calls.get(request.functionCallId);
      call.readers++;
      try {
        const inputs = await nextOutputs(call, request, context);
        const outputs: Item[] = [];
        for (const input of inputs) outputs.push(await itemOf(input, store));
        const last = inputs.at(-1)?.output?.cursor;
        return {
          idxs: inputs.map((input) => input.idx),
          outputs,
          lastEntryId: last === undefined ? request.lastEntryId || "0-0" : `${last}-0`,
          numUnfinishedInputs: call.unfinished,
        };
      } finally {
        call.readers--;
      }
    },
  };
}

/** Waits until there is an output that the reader has not seen, nothing more can come, or its time is over. */
async function nextOutputs(
  call: FunctionCall,
  request: FunctionGetOutputsRequest,
  context: CallContext,
): Promise<CallInput[]> {
  const deadline = performance.now() + Math.min(request.timeout, longestPollSecs) * 1000;
  for (;;) {
    const ready = page(call, request);
    if (ready.length > 0 || isComplete(call)) return ready;
    const timeoutMs = deadline - performance.now();
    if (timeoutMs <= 0) return [];
    await call.changed.wait({ signal: context.signal, timeoutMs });
  }
}

// A map may get more inputs at any time, so only a single call is ever known to be complete.
function isComplete(call: FunctionCall): boolean {
  return call.facts.type === FunctionCallType.UNARY && call.inputs.size > 0 && call.unfinished === 0;
}

function page(call: FunctionCall, request: FunctionGetOutputsRequest): CallInput[] {
  const { startIdx, endIdx, maxValues } = request;
  const cursor = Number.parseInt(request.lastEntryId, 10) || 0;
  const limit = maxValues > 0 ? Math.min(maxValues, maxItems) : maxItems;
  const chosen: CallInput[] = [];
  let bytes = 0;
  for (const input of call.outputsAfter(cursor)) {
    if (startIdx !== undefined && input.idx < startIdx) continue;
    if (endIdx !== undefined && input.idx > endIdx) continue;
    bytes += input.output?.bytes ?? 0;
    if (chosen.length > 0 && (chosen.length >= limit || bytes > maxBytes)) break;
    chosen.push(input);
  }
  return chosen;
}

async function itemOf(input: CallInput, store: CallStore): Promise<Item> {
  const { output } = input;
  return {
    result: await store.resultOf(input),
    idx: input.idx,
    inputId: input.inputId,
    dataFormat: output?.format ?? 0,
    taskId: output?.taskId ?? "",
    inputStartedAt: output?.startedAt ?? 0,
    outputCreatedAt: output?.createdAt ?? 0,
    // Clients count their own retries here and drop what does not match. The server does all retries, so theirs is 0.
    retryCount: 0,
  };
}
