import { fromBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { backoff } from "@dorian/base/backoff";
import { Deadline } from "@dorian/base/deadline";
import { sleep } from "@dorian/base/sleep";
import {
  DataFormat,
  FunctionCallInvocationType,
  GenericResult_GenericStatus as Status,
  GeneratorDoneSchema,
  type FunctionGetOutputsItem,
} from "@dorian/protocol/modal";
import { isServerGone } from "@dorian/protocol/error/status-error";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { bytesOf, failureOf, plainValue } from "./decode-result.ts";
import { cancelCall, startCall, waitForOutput, type InvokeOptions, type Target } from "./invocation.ts";

/** How long to wait, after a generator has failed, for values that it yielded before. */
const afterFailureMs = 100;

/** Calls a generator and yields what it yields. Leaving the loop early cancels the call. */
export async function* invokeGenerator(
  target: Target,
  args: readonly unknown[],
  options: InvokeOptions = {},
): AsyncGenerator<unknown> {
  const wire = await transport();
  const callId = await startCall(wire, target, args, FunctionCallInvocationType.SYNC_LEGACY);
  const ended = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ended.signal]) : ended.signal;
  const items = new AsyncQueue<unknown>();
  const stream = new ItemStream(wire, callId, items);
  void stream.receive(signal).catch((error: unknown) => items.fail(error));
  void waitForOutput(wire, callId, { signal })
    .then((output) => stream.finish(output, signal))
    .catch((error: unknown) => items.fail(error));
  let finished = false;
  try {
    yield* items;
    finished = true;
  } finally {
    ended.abort();
    if (!finished && !stream.isFinished) await cancelCall(wire, callId);
  }
}

/** What a generator yields, on its way to the caller. */
class ItemStream {
  #wire: Transport;
  #callId: string;
  #items: AsyncQueue<unknown>;
  #received = 0n;
  #total: bigint | undefined;
  #rest = new Deadline(0);
  isFinished = false;

  constructor(wire: Transport, callId: string, items: AsyncQueue<unknown>) {
    this.#wire = wire;
    this.#callId = callId;
    this.#items = items;
  }

  /** Reads until `signal` aborts. The server may end a stream at any time: it is opened again where it broke off. */
  async receive(signal: AbortSignal): Promise<void> {
    const delays = backoff({ firstMs: 50, maxMs: 2_000 });
    while (!signal.aborted) {
      try {
        const callInfoOneof = { case: "functionCallId", value: this.#callId } as const;
        const request = { callInfoOneof, lastIndex: this.#received };
        for await (const chunk of this.#wire.modal.functionCallGetDataOut(request, { signal })) {
          if (chunk.index <= this.#received) continue;
          if (chunk.index !== this.#received + 1n) throw valueMissing(this.#received + 1n, chunk.index);
          this.#received = chunk.index;
          this.#rest = new Deadline(afterFailureMs);
          delays.reset();
          this.#items.push(plainValue(chunk.dataFormat, await bytesOf(this.#wire, chunk.dataOneof)));
          this.#endWhenComplete();
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!isServerGone(error)) throw error;
        await sleep(delays.next(), { signal }).catch(() => undefined);
      }
    }
  }

  async finish(output: FunctionGetOutputsItem, signal: AbortSignal): Promise<void> {
    this.isFinished = true;
    if (output.result?.status === Status.SUCCESS) {
      this.#total = itemsTotal(output);
      this.#endWhenComplete();
      return;
    }
    // A failure does not say how many values came before it.
    this.#rest = new Deadline(afterFailureMs);
    while (!this.#rest.isOver) await sleep(this.#rest.leftMs, { signal });
    this.#items.fail(failureOf(output.result));
  }

  #endWhenComplete(): void {
    if (this.#total !== undefined && this.#received >= this.#total) this.#items.end();
  }
}

function valueMissing(expected: bigint, came: bigint): AppError {
  return new AppError(
    "GENERATOR_VALUE_MISSING",
    `Value ${came} of the generator came where value ${expected} was to come.`,
    { status: "DATA_LOSS", remedy: "Call it again; if it comes again, report it." },
  );
}

function itemsTotal(output: FunctionGetOutputsItem): bigint {
  const data = output.result?.dataOneof;
  if (output.dataFormat === DataFormat.GENERATOR_DONE && data?.case === "data") {
    return fromBinary(GeneratorDoneSchema, data.value).itemsTotal;
  }
  throw new AppError(
    "FUNCTION_NOT_A_GENERATOR",
    "The function returned one value instead of yielding values.",
    {
      status: "INVALID_ARGUMENT",
      remedy: "Await the call instead of iterating over it.",
    },
  );
}
