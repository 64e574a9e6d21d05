import type { MessageInitShape } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { Deadline } from "@dorian/base/deadline";
import { Notifier } from "@dorian/base/notifier";
import { sleep } from "@dorian/base/sleep";
import {
  FunctionCallInvocationType,
  FunctionCallType,
  type FunctionPutInputsItemSchema,
} from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { currentInput } from "../container/current-input.ts";
import { valueOf } from "./decode-result.ts";
import { encodeInput } from "./encode-input.ts";
import { cancelCall, type InvokeOptions, type Target } from "./invocation.ts";

/** How a map is made. */
export interface MapOptions extends InvokeOptions {
  /** Results in the order of the inputs (default), or as they come. */
  ordered?: boolean;
  /** Yield errors instead of throwing the first one; default false. */
  returnExceptions?: boolean;
}

const batchInputs = 49;
const batchBytes = 4 * 1024 * 1024;
/** Inputs that may be out at once when the server does not say. */
const defaultOutstanding = 1_000;
const pollSeconds = 55;
/** A disk of the server that is full may be freed by somebody: a map waits so long in milliseconds before it says so. */
const fullDiskPatienceMs = 60_000;

type InputItem = MessageInitShape<typeof FunctionPutInputsItemSchema> & { idx: number };

/**
 * Calls once per item, many at a time, and yields the results. Items are taken only as fast as results are, but for a thousand or
 * so on their way. Leaving the loop early, or an error, cancels the rest.
 */
export async function* invokeMap(
  target: Target,
  items: Iterable<unknown[]> | AsyncIterable<unknown[]>,
  options: MapOptions = {},
): AsyncGenerator<unknown> {
  const { ordered = true, returnExceptions = false } = options;
  const wire = await transport();
  const { functionCallId, maxInputsOutstanding } = await wire.modal.functionMap({
    functionId: target.functionId,
    parentInputId: currentInput()?.inputId ?? "",
    functionCallType: FunctionCallType.MAP,
    functionCallInvocationType: FunctionCallInvocationType.SYNC,
    returnExceptions,
  });
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const inputs = new MapInputs(wire, target, functionCallId, maxInputsOutstanding || defaultOutstanding);
  void inputs.send(items, signal);
  let finished = false;
  try {
    const results = receive(wire, functionCallId, inputs, { returnExceptions, signal });
    yield* ordered ? inOrder(results) : values(results);
    finished = true;
  } finally {
    ended.abort();
    if (!finished) await cancelCall(wire, functionCallId);
  }
}

/** The inputs of a map on their way to the server. */
class MapInputs {
  #wire: Transport;
  #target: Target;
  #functionCallId: string;
  #maxOutstanding: number;
  #taken = 0;
  #received = 0;
  #ended = false;
  /** Since when the server finds no room on its disk, on a clock that nobody sets. */
  /** Until a full disk is no more waited for. Undefined while it takes inputs. */
  #full: Deadline | undefined;
  #failure = new AbortController();
  #sent = 0;
  #changed = new Notifier();

  constructor(wire: Transport, target: Target, functionCallId: string, maxOutstanding: number) {
    this.#wire = wire;
    this.#target = target;
    this.#functionCallId = functionCallId;
    this.#maxOutstanding = maxOutstanding;
  }

  async send(items: Iterable<unknown[]> | AsyncIterable<unknown[]>, signal: AbortSignal): Promise<void> {
    try {
      let batch: InputItem[] = [];
      let bytes = 0;
      const flush = async () => {
        await this.#put(batch, signal);
        [batch, bytes] = [[], 0];
      };
      // Items that come one by one must not wait for a full batch: what is there is sent when the next has to be waited for.
      for await (const args of eager(items, flush)) {
        const { methodName, inputFormats } = this.#target;
        const input = encodeInput(methodName, args, inputFormats, ` of the map's items[${this.#taken}]`);
        const size = input.argsOneof.case === "args" ? input.argsOneof.value.length : 0;
        if (batch.length >= batchInputs || (batch.length > 0 && bytes + size > batchBytes)) await flush();
        batch.push({ idx: this.#taken++, input });
        bytes += size;
        while (this.#taken - this.#received >= this.#maxOutstanding) {
          await flush();
          await this.#changed.wait({ signal });
        }
      }
      await flush();
      await this.#wire.modal.functionFinishInputs(
        { functionId: this.#target.functionId, functionCallId: this.#functionCallId, numInputs: this.#taken },
        { signal },
      );
      this.#ended = true;
    } catch (error) {
      this.#failure.abort(error);
    }
    this.#changed.notify();
  }

  noteResult(): void {
    this.#received += 1;
    this.#changed.notify();
  }

  /** Resolves true when there is a result to wait for, false when there will be no more. */
  async someOutstanding(signal: AbortSignal): Promise<boolean> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#sent > this.#received) return true;
      if (this.#ended) return false;
      await this.#changed.wait({ signal });
    }
  }

  /** Aborts when an item cannot be had or sent, with that error as the reason. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  async #put(batch: InputItem[], signal: AbortSignal): Promise<void> {
    const delays = backoff({ firstMs: 100, maxMs: 5_000 });
    let rest = batch;
    while (rest.length > 0) {
      const accepted = await this.#offer(rest, signal);
      rest = rest.filter(({ idx }) => !accepted.has(idx));
      this.#sent += accepted.size;
      this.#changed.notify();
      if (accepted.size > 0) delays.reset();
      if (rest.length > 0) await sleep(delays.next(), { signal });
    }
  }

  /**
   * Indexes of what the server took. A full queue takes nothing: the containers need time, not the caller an error. Nor does
   * a full disk, which may be freed soon.
   */
  async #offer(inputs: InputItem[], signal: AbortSignal): Promise<Set<number>> {
    try {
      const { functionId } = this.#target;
      const request = { functionId, functionCallId: this.#functionCallId, inputs };
      const response = await this.#wire.modal.functionPutInputs(request, { signal });
      this.#full = undefined;
      return new Set(response.inputs.map(({ idx }) => idx));
    } catch (error) {
      if (!AppError.is(error) || error.status !== "RESOURCE_EXHAUSTED") throw error;
      if (error.code !== "STORAGE_FULL") return new Set();
      this.#full ??= new Deadline(fullDiskPatienceMs);
      if (this.#full.isOver) throw error;
      return new Set();
    }
  }
}

/** The items, with a call of `idle` before each that is not there at once. */
async function* eager<T>(
  items: Iterable<T> | AsyncIterable<T>,
  idle: () => Promise<void>,
): AsyncGenerator<T> {
  if (!(Symbol.asyncIterator in items)) {
    yield* items;
    return;
  }
  const iterator = items[Symbol.asyncIterator]();
  let completed = false;
  try {
    for (;;) {
      const next = iterator.next();
      const first = await Promise.race([next, afterThisTick()]);
      if (first === undefined) {
        // The item may fail while the rest is being sent.
        next.catch(() => undefined);
        await idle();
      }
      const { done, value } = await next;
      completed = done ?? false;
      if (completed) return;
      yield value as T;
    }
  } finally {
    if (!completed) await iterator.return?.();
  }
}

function afterThisTick(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
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
  const seen = new Set<number>();
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
      if (seen.has(output.idx)) continue;
      seen.add(output.idx);
      inputs.noteResult();
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
