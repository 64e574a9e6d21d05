import type { Transport } from "../client/transport.ts";
import { callOptions, type WaitOptions } from "../client/wait-options.ts";
import { valueOf } from "./decode-result.ts";
import { pollSeconds } from "./invocation.ts";

/** Results that are asked for, and kept, at once. */
const windowSize = 100;

/** Which results of a call, and how. */
export interface ResultsOptions extends WaitOptions {
  /** Index of the first; default 0. */
  start?: number;
  /** Index behind the last; default: as many as the call has inputs. */
  end?: number;
  /** Yield errors instead of throwing the first one; default false. */
  returnExceptions?: boolean;
}

/** Results of a call by the places of their inputs, each as soon as it and all before it are there. */
export async function* callResults(
  wire: Transport,
  functionCallId: string,
  options: ResultsOptions & { end: number },
): AsyncGenerator<unknown> {
  const { start = 0, end, returnExceptions = false, signal } = options;
  for (let from = start; from < end; from += windowSize) {
    const to = Math.min(from + windowSize, end);
    const results = outputsOf(wire, functionCallId, { from, to, signal });
    for await (const output of results) {
      const value = valueOf(wire, output);
      yield returnExceptions ? await value.catch((error: unknown) => error) : await value;
    }
  }
}

async function* outputsOf(
  wire: Transport,
  functionCallId: string,
  { from, to, signal }: { from: number; to: number; signal: AbortSignal | undefined },
) {
  const waiting = new Map<number, Parameters<typeof valueOf>[1]>();
  let lastEntryId = "0-0";
  let next = from;
  while (next < to) {
    const request = { functionCallId, timeout: pollSeconds, lastEntryId, startIdx: from, endIdx: to - 1 };
    const page = await wire.modal.functionGetOutputs(request, callOptions(signal));
    if (page.lastEntryId !== "") ({ lastEntryId } = page);
    for (const output of page.outputs) waiting.set(output.idx, output);
    for (let output = waiting.get(next); output; output = waiting.get(next)) {
      yield output;
      waiting.delete(next);
      next += 1;
    }
  }
}
