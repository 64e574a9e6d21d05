import { FunctionCallInvocationType, FunctionCallType } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { currentInput } from "../container/current-input.ts";
import { valueOf } from "./decode-result.ts";
import { cancelCall, pollSeconds, type InvokeOptions, type Target } from "./invocation.ts";
import { MapInputs } from "./map-inputs.ts";

/** How a map is made. */
export interface MapOptions extends InvokeOptions {
  /** Results in the order of the inputs (default), or as they come. */
  ordered?: boolean;
  /** Yield errors instead of throwing the first one; default false. */
  returnExceptions?: boolean;
}

/** Inputs that may be out at once when the server does not say. */
const defaultOutstanding = 1_000;

/**
 * Calls once per item, many at a time, and yields the results. Items are taken only as fast as results are, but for a thousand or
 * so on their way: what is in memory does not grow with their number, though one of them be slow. Leaving the loop early, or an
 * error, cancels the rest.
 */
export async function* invokeMap(
  target: Target,
  items: Iterable<unknown[]> | AsyncIterable<unknown[]>,
  options: MapOptions = {},
): AsyncGenerator<unknown> {
  const { ordered = true, returnExceptions = false } = options;
  const wire = await transport();
  const { functionCallId, maxInputsOutstanding } = await requestMap(wire, target, {
    type: FunctionCallInvocationType.SYNC,
    returnExceptions,
  });
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const inputs = new MapInputs(wire, target, functionCallId, maxInputsOutstanding || defaultOutstanding);
  void inputs.send(items, signal);
  let finished = false;
  try {
    const results = receive(wire, functionCallId, inputs, { returnExceptions, signal });
    for await (const value of ordered ? inOrder(results) : values(results)) {
      yield value;
      inputs.noteTaken();
    }
    finished = true;
  } finally {
    ended.abort();
    if (!finished) await cancelCall(wire, functionCallId);
  }
}

/**
 * Calls once per item, and resolves with the call's id when the server has all of them. The results wait for whoever asks for them.
 * When an item cannot be had or sent, or on abort, the rest is cancelled.
 */
export async function spawnMap(
  target: Target,
  items: Iterable<unknown[]> | AsyncIterable<unknown[]>,
  options: InvokeOptions = {},
): Promise<string> {
  const wire = await transport();
  const { functionCallId } = await requestMap(wire, target, { type: FunctionCallInvocationType.ASYNC });
  const inputs = new MapInputs(wire, target, functionCallId, Infinity);
  await inputs.send(items, options.signal ?? new AbortController().signal);
  if (!inputs.failure.aborted) return functionCallId;
  await cancelCall(wire, functionCallId);
  throw inputs.failure.reason;
}

function requestMap(
  wire: Transport,
  target: Target,
  { type, returnExceptions = false }: { type: FunctionCallInvocationType; returnExceptions?: boolean },
) {
  return wire.modal.functionMap({
    functionId: target.functionId,
    parentInputId: currentInput()?.inputId ?? "",
    functionCallType: FunctionCallType.MAP,
    functionCallInvocationType: type,
    returnExceptions,
  });
}

interface Result {
  index: number;
  value: unknown;
}

async function* receive(
  wire: Transport,
  functionCallId: string,
  inputs: MapInputs,
  options: { returnExceptions: boolean; signal: AbortSignal },
): AsyncGenerator<Result> {
  const { returnExceptions } = options;
  const signal = AbortSignal.any([options.signal, inputs.failure]);
  let lastEntryId = "0-0";
  while (await inputs.someOutstanding(signal)) {
    const response = await wire.modal.functionGetOutputs(
      {
        functionCallId,
        timeout: pollSeconds,
        lastEntryId,
        maxValues: 0,
        clearOnSuccess: false,
      },
      { signal },
    );
    if (response.lastEntryId !== "") lastEntryId = response.lastEntryId;
    for (const output of response.outputs) {
      if (!inputs.noteResult(output.idx)) continue;
      yield { index: output.idx, value: await outcome(() => valueOf(wire, output), returnExceptions) };
    }
  }
}

async function outcome(read: () => Promise<unknown>, returnExceptions: boolean): Promise<unknown> {
  if (!returnExceptions) return await read();
  try {
    return await read();
  } catch (error) {
    return error;
  }
}

async function* values(results: AsyncIterable<Result>): AsyncGenerator<unknown> {
  for await (const { value } of results) yield value;
}

async function* inOrder(results: AsyncIterable<Result>): AsyncGenerator<unknown> {
  const waiting = new Map<number, unknown>();
  let next = 0;
  for await (const { index, value } of results) {
    waiting.set(index, value);
    while (waiting.has(next)) {
      yield waiting.get(next);
      waiting.delete(next);
      next += 1;
    }
  }
}
