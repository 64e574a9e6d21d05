import { AppError } from "@dorian/base/app-error";
import { isId } from "@dorian/base/ids";
import { sendInstead } from "@dorian/protocol/value/unsendable";
import type { FunctionGetOutputsItem } from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import { callOptions, type WaitOptions } from "../client/wait-options.ts";
import { graphOf, type CallGraphInput } from "./call-graph.ts";
import { callLog, type CallLogOptions, type LogLine } from "./call-log.ts";
import { callResults, type ResultsOptions } from "./call-results.ts";
import { valueOf } from "./decode-result.ts";
import { waitForOutput } from "./invocation.ts";

/** What calls come to, each one's. */
export type ResultsOf<Calls extends readonly FunctionCall<unknown>[]> = {
  -readonly [K in keyof Calls]: Calls[K] extends FunctionCall<infer R> ? R : never;
};

/** Which result of a call to wait for, and for how long. */
export interface GetOptions extends WaitOptions {
  /** Milliseconds; 0 looks once. Default: as long as it takes. */
  timeoutMs?: number;
  /** Index of the input, of a call with many; default 0. */
  index?: number;
}

/**
 * A call that was started with `spawn`, which has one input, or with `spawnMap`, which has many.
 *
 * @example
 * const call = await train.spawn("iris-b");
 * const loss = await call.get({ timeoutMs: 60_000 });
 * const [root] = await call.callGraph(); // root.status is "succeeded"
 */
export class FunctionCall<R = unknown> {
  /** Begins with "fc-"; other programs find the call by it. */
  readonly functionCallId: string;

  /** @internal */
  constructor(functionCallId: string) {
    this.functionCallId = functionCallId;
  }

  /** @internal */
  get [sendInstead]() {
    return ["a function call", "its functionCallId, and find it there by FunctionCall.fromId(id)"];
  }

  /** A call by its id, in this program or another. */
  static fromId<R = unknown>(functionCallId: string): FunctionCall<R> {
    if (isId("fc", functionCallId)) return new FunctionCall<R>(functionCallId);
    throw new AppError("CALL_ID_INVALID", `"${functionCallId}" is not the id of a function call.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Pass the functionCallId of what spawn() returned; it begins with fc-.",
    });
  }

  /**
   * What calls come to, in their order. The first error is thrown, and the others are waited for no more; they go on running.
   *
   * @example
   * const calls = [await train.spawn("iris-a"), await train.spawn("iris-b")];
   * const losses = await FunctionCall.gather(...calls);
   */
  static async gather<const Calls extends readonly FunctionCall<unknown>[]>(
    ...calls: Calls
  ): Promise<ResultsOf<Calls>> {
    const ended = new AbortController();
    const { signal } = ended;
    try {
      return (await Promise.all(calls.map((call) => call.get({ signal })))) as ResultsOf<Calls>;
    } finally {
      ended.abort();
    }
  }

  /**
   * The call's value, or its error thrown. May be read any number of times while the server keeps it (7 days).
   *
   * @throws AppError CALL_NOT_FINISHED after `timeoutMs` milliseconds; INPUT_NOT_IN_CALL for an `index` that it does not have;
   *   OUTPUT_EXPIRED when the server does not keep it any more
   */
  async get(options: GetOptions = {}): Promise<R> {
    const wire = await transport();
    if (options.index) await this.#requireIndex(options.index, options.signal);
    return (await valueOf(wire, await this.#output(wire, options))) as R;
  }

  async #output(wire: Transport, options: GetOptions): Promise<FunctionGetOutputsItem> {
    try {
      return await waitForOutput(wire, this.functionCallId, options);
    } catch (error) {
      // There is none in a `spawnMap` of no items, either.
      if (AppError.is(error) && error.code === "OUTPUT_EXPIRED")
        await this.#requireIndex(options.index ?? 0, options.signal);
      throw error;
    }
  }

  /**
   * The results of a call with many inputs, in their order, each as soon as it and those before it are there.
   *
   * @throws the first error, unless `returnExceptions`; AppError OUTPUT_EXPIRED
   * @example
   * const trained = await train.spawnMap(["iris-a", "iris-b"]);
   * for await (const loss of trained.results()) console.log(loss);
   */
  async *results(options: ResultsOptions = {}): AsyncGenerator<R> {
    const wire = await transport();
    const { end = Infinity, ...rest } = options;
    const count = await this.inputCount({ signal: options.signal });
    yield* callResults(wire, this.functionCallId, {
      ...rest,
      end: Math.min(end, count),
    }) as AsyncGenerator<R>;
  }

  /**
   * How many inputs it has: 1 of `spawn`, one for each item of `spawnMap`.
   *
   * @throws AppError OUTPUT_EXPIRED when the server does not keep them any more
   */
  async inputCount({ signal }: WaitOptions = {}): Promise<number> {
    const { modal } = await transport();
    const { functionCallId } = this;
    const { numInputs } = await modal.functionCallFromId({ functionCallId }, callOptions(signal));
    // None are left of a call that has expired: asked for outputs, the server says so.
    if (numInputs === 0)
      await modal.functionGetOutputs({ functionCallId, lastEntryId: "0-0", timeout: 0 }, callOptions(signal));
    return numInputs;
  }

  /**
   * The inputs of the call that everything began with, as a tree: each with the inputs of the calls that its code made. This call is
   * somewhere in it. Up to 10,000 inputs.
   */
  async callGraph({ signal }: WaitOptions = {}): Promise<CallGraphInput[]> {
    const { modal } = await transport();
    const { functionCallId } = this;
    return graphOf(await modal.functionGetCallGraph({ functionCallId }, callOptions(signal)));
  }

  /**
   * What containers wrote while they worked on it, oldest first. For programs outside of containers. What a container writes while it
   * works on several inputs at once, in batches or concurrently, belongs to no call: it is in the app's log alone.
   *
   * @example
   * const verbose = await train.spawn("iris-a");
   * for await (const { text } of verbose.logs({ follow: true })) console.log(text);
   */
  async *logs(options: CallLogOptions = {}): AsyncGenerator<LogLine> {
    yield* callLog(await transport(), this.functionCallId, options);
  }

  /** Cancels what has not finished. With `terminateContainers`, containers that work on it are killed. */
  async cancel(options: { terminateContainers?: boolean } = {}): Promise<void> {
    const wire = await transport();
    await wire.modal.functionCallCancel({
      functionCallId: this.functionCallId,
      terminateContainers: options.terminateContainers ?? false,
    });
  }

  async #requireIndex(index: number, signal: AbortSignal | undefined): Promise<void> {
    const count = await this.inputCount({ signal });
    if (Number.isInteger(index) && index >= 0 && index < count) return;
    throw new AppError("INPUT_NOT_IN_CALL", `${this.functionCallId} has no input ${index}.`, {
      status: "OUT_OF_RANGE",
      remedy: count === 0 ? "It has none." : `It has ${count}, counted from 0.`,
    });
  }
}
