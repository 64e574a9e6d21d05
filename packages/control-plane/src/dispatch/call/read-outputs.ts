import { Deadline } from "@dorian/base/deadline";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { sleep } from "@dorian/base/sleep";
import {
  FunctionCallType,
  type FunctionGetOutputsItemSchema,
  type FunctionGetOutputsRequest,
} from "@dorian/protocol/modal";
import type { TakeRoom } from "@dorian/protocol/service";
import type { CallStore } from "./call-store.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";
import { isAtLeast } from "./client-age.ts";
import { resultFor, type ResultReader } from "./legacy-status.ts";

type Item = MessageInitShape<typeof FunctionGetOutputsItemSchema>;
type Wanted = Pick<
  FunctionGetOutputsRequest,
  "timeout" | "lastEntryId" | "maxValues" | "startIdx" | "endIdx"
>;

export interface ReadOutputsOptions {
  store: CallStore;
  signal: AbortSignal;
  reader: ResultReader;
  /** Asked before results are read that are not in memory. */
  takeRoom: TakeRoom | undefined;
}

/** Longest time in seconds that a reader is kept waiting. */
const longestPollSecs = 60;
const maxItems = 1_000;
const maxBytes = 16 * 1024 * 1024;
/** A page of a map that has so many to come may wait so long for more: a request for each output costs more than the work. */
const gatherMs = 50;
const gatherItems = 100;
/** Early clients that ask after the last output do not notice before the answer that they have all. */
const lookAgainMs = 200;

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
  options: ReadOutputsOptions,
): Promise<OutputPage> {
  call.readers++;
  try {
    const inputs = await nextOutputs(call, wanted, options);
    const items: Item[] = [];
    await options.takeRoom?.(inputs.reduce((bytes, { output }) => bytes + (output?.bytes ?? 0), 0));
    for (const input of inputs) items.push(await itemOf(input, options));
    return { items, cursor: inputs.at(-1)?.output?.cursor };
  } finally {
    call.readers--;
  }
}

async function nextOutputs(
  call: FunctionCall,
  wanted: Wanted,
  { signal, reader }: ReadOutputsOptions,
): Promise<CallInput[]> {
  const deadline = new Deadline(Math.min(wanted.timeout, longestPollSecs) * 1000);
  const looksAgain = call.facts.type === FunctionCallType.MAP && !isAtLeast(reader.clientVersion, [1, 0]);
  for (;;) {
    const ready = page(call, wanted);
    if (ready.length > 0) return wanted.startIdx === undefined ? await gathered(call, wanted, signal) : ready;
    if (isComplete(call) || isEmptyMap(call, wanted, reader)) return ready;
    const timeoutMs = deadline.leftMs;
    if (timeoutMs === 0) return [];
    if (!looksAgain || call.inputs.size === 0 || call.unfinished > 0)
      await call.changed.wait({ signal, timeoutMs });
    else if (!(await call.changed.wait({ signal, timeoutMs: Math.min(lookAgainMs, timeoutMs) }))) return [];
  }
}

function isWorthMore(call: FunctionCall, ready: readonly CallInput[]): boolean {
  return call.facts.type === FunctionCallType.MAP && ready.length < Math.min(gatherItems, call.unfinished);
}

async function gathered(call: FunctionCall, wanted: Wanted, signal: AbortSignal): Promise<CallInput[]> {
  const deadline = new Deadline(Math.min(gatherMs, call.unfinished));
  for (;;) {
    const ready = page(call, wanted);
    if (deadline.isOver || !isWorthMore(call, ready)) return ready;
    await sleep(Math.min(5, deadline.leftMs), { signal });
  }
}

// A map may get more inputs at any time, so only a single call is ever known to be complete.
function isComplete(call: FunctionCall): boolean {
  return call.facts.type === FunctionCallType.UNARY && call.inputs.size > 0 && call.unfinished === 0;
}

/** Programs in TypeScript ask for outputs by their places only of a map whose inputs were all given. */
function isEmptyMap(call: FunctionCall, { startIdx }: Wanted, { language }: ResultReader): boolean {
  const isMap = call.facts.type === FunctionCallType.MAP;
  return language === "typescript" && isMap && startIdx !== undefined && call.inputs.size === 0;
}

function page(call: FunctionCall, wanted: Wanted): CallInput[] {
  const { maxValues } = wanted;
  const limit = maxValues > 0 ? Math.min(maxValues, maxItems) : maxItems;
  const chosen: CallInput[] = [];
  let bytes = 0;
  for (const input of candidates(call, wanted)) {
    bytes += input.output?.bytes ?? 0;
    if (chosen.length > 0 && (chosen.length >= limit || bytes > maxBytes)) break;
    chosen.push(input);
  }
  return chosen;
}

function* candidates(call: FunctionCall, wanted: Wanted): Generator<CallInput> {
  const { startIdx, endIdx } = wanted;
  const cursor = Number.parseInt(wanted.lastEntryId, 10) || 0;
  const isRange = startIdx !== undefined && endIdx !== undefined;
  if (isRange && endIdx - startIdx < maxItems) {
    const found: CallInput[] = [];
    for (let idx = startIdx; idx <= endIdx; idx++) {
      const input = call.inputs.get(idx);
      if (input?.output && input.output.cursor > cursor) found.push(input);
    }
    // A page that is full ends with a cursor, behind which nothing may be that it left out.
    yield* found.toSorted((a, b) => (a.output?.cursor ?? 0) - (b.output?.cursor ?? 0));
    return;
  }
  for (const input of call.outputsAfter(cursor)) {
    if (startIdx !== undefined && input.idx < startIdx) continue;
    if (endIdx !== undefined && input.idx > endIdx) continue;
    yield input;
  }
}

async function itemOf(input: CallInput, options: ReadOutputsOptions): Promise<Item> {
  const { output } = input;
  return {
    result: resultFor(options.reader, await options.store.resultOf(input)),
    idx: input.idx,
    inputId: input.inputId,
    dataFormat: output?.format ?? 0,
    taskId: output?.taskId ?? "",
    inputStartedAt: output?.startedAtSecs ?? 0,
    outputCreatedAt: output?.createdAtSecs ?? 0,
    // Clients count their own retries here and drop what does not match. The server does all retries, so theirs is 0.
    retryCount: 0,
  };
}
