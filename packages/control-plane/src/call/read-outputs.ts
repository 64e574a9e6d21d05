import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  FunctionCallType,
  type FunctionGetOutputsItemSchema,
  type FunctionGetOutputsRequest,
} from "@dorian/protocol/modal";
import type { CallStore } from "./call-store.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";

type Item = MessageInitShape<typeof FunctionGetOutputsItemSchema>;
type Wanted = Pick<
  FunctionGetOutputsRequest,
  "timeout" | "lastEntryId" | "maxValues" | "startIdx" | "endIdx"
>;

/** Longest time in seconds that a reader is kept waiting. */
const longestPollSecs = 60;
const maxItems = 1_000;
const maxBytes = 16 * 1024 * 1024;

/** What a reader gets: outputs that it has not seen, and the cursor behind them. */
export interface OutputPage {
  items: Item[];
  cursor: number | undefined;
}

/**
 * Waits until there is an output that the reader has not seen, nothing more can come, or its time is over. The call stays in
 * memory meanwhile.
 */
export async function readOutputs(
  call: FunctionCall,
  wanted: Wanted,
  options: { store: CallStore; signal: AbortSignal },
): Promise<OutputPage> {
  call.readers++;
  try {
    const inputs = await nextOutputs(call, wanted, options.signal);
    const items: Item[] = [];
    for (const input of inputs) items.push(await itemOf(input, options.store));
    return { items, cursor: inputs.at(-1)?.output?.cursor };
  } finally {
    call.readers--;
  }
}

async function nextOutputs(call: FunctionCall, wanted: Wanted, signal: AbortSignal): Promise<CallInput[]> {
  const deadline = performance.now() + Math.min(wanted.timeout, longestPollSecs) * 1000;
  for (;;) {
    const ready = page(call, wanted);
    if (ready.length > 0 || isComplete(call)) return ready;
    const timeoutMs = deadline - performance.now();
    if (timeoutMs <= 0) return [];
    await call.changed.wait({ signal, timeoutMs });
  }
}

// A map may get more inputs at any time, so only a single call is ever known to be complete.
function isComplete(call: FunctionCall): boolean {
  return call.facts.type === FunctionCallType.UNARY && call.inputs.size > 0 && call.unfinished === 0;
}

function page(call: FunctionCall, wanted: Wanted): CallInput[] {
  const { startIdx, endIdx, maxValues } = wanted;
  const cursor = Number.parseInt(wanted.lastEntryId, 10) || 0;
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
