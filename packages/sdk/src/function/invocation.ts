import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import {
  FunctionCallInvocationType,
  FunctionCallType,
  type DataFormat,
  type FunctionGetOutputsItem,
  type FunctionMapResponse,
} from "@dorian/protocol/modal";
import { transport } from "../client/current-transport.ts";
import type { Transport } from "../client/transport.ts";
import type { WaitOptions } from "../client/wait-options.ts";
import { currentInput } from "../container/current-input.ts";
import { valueOf } from "./decode-result.ts";
import { encodeInput } from "./encode-input.ts";

/** What a call goes to. */
export interface Target {
  functionId: string;
  /** Empty for plain functions. */
  methodName: string;
  /** What the function reads, of one that was looked up. Default: what ours read. */
  inputFormats?: readonly DataFormat[];
}

/** Seconds that the server may hold a poll. */
export const pollSeconds = 55;

/** How a call is made. */
export interface InvokeOptions {
  /** Cancels the call when it aborts; without one, nothing does. */
  signal?: AbortSignal;
}

/** Calls, waits, and returns the value or throws the error. On abort the call is cancelled. */
export async function invoke(
  target: Target,
  args: readonly unknown[],
  options: InvokeOptions = {},
): Promise<unknown> {
  const wire = await transport();
  options.signal?.throwIfAborted();
  // Who may cancel the call has to know its id before it ends.
  const outputWaitSecs = options.signal ? 0 : pollSeconds;
  const { functionCallId, output } = await requestCall(wire, target, args, {
    type: FunctionCallInvocationType.SYNC,
    outputWaitSecs,
  });
  if (output) return await valueOf(wire, output);
  return await valueOf(
    wire,
    await cancelOnAbort(wire, functionCallId, options.signal, () =>
      waitForOutput(wire, functionCallId, options),
    ),
  );
}

/** Starts a call and returns its id without waiting. */
export async function spawn(target: Target, args: readonly unknown[]): Promise<string> {
  return startCall(await transport(), target, args, FunctionCallInvocationType.ASYNC);
}

/** Starts a call and returns its id. */
export async function startCall(
  wire: Transport,
  target: Target,
  args: readonly unknown[],
  type: FunctionCallInvocationType,
): Promise<string> {
  const { functionCallId } = await requestCall(wire, target, args, { type, outputWaitSecs: 0 });
  return functionCallId;
}

/** `outputWaitSecs`: a call that ends within this time needs no second request for its output. */
function requestCall(
  wire: Transport,
  target: Target,
  args: readonly unknown[],
  options: { type: FunctionCallInvocationType; outputWaitSecs: number },
): Promise<FunctionMapResponse> {
  return wire.modal.functionMap({
    functionId: target.functionId,
    parentInputId: currentInput()?.inputId ?? "",
    functionCallType: FunctionCallType.UNARY,
    functionCallInvocationType: options.type,
    pipelinedInputs: [{ idx: 0, input: encodeInput(target.methodName, args, target.inputFormats) }],
    outputWaitSecs: options.outputWaitSecs,
  });
}

/**
 * Waits until an input of a call has its output, by default its first. Reading does not remove it, so that an answer lost on its way is read again.
 *
 * @throws AppError CALL_NOT_FINISHED after `timeoutMs` milliseconds, OUTPUT_EXPIRED
 */
export async function waitForOutput(
  wire: Transport,
  functionCallId: string,
  options: WaitOptions & { timeoutMs?: number | undefined; index?: number | undefined },
): Promise<FunctionGetOutputsItem> {
  const { signal, timeoutMs, index = 0 } = options;
  const deadline = new Deadline(timeoutMs ?? Infinity);
  for (;;) {
    const timeout = Math.min(pollSeconds, deadline.leftMs / 1000);
    const { outputs, numUnfinishedInputs } = await wire.modal.functionGetOutputs(
      {
        functionCallId,
        timeout,
        lastEntryId: "0-0",
        clearOnSuccess: false,
        startIdx: index,
        endIdx: index,
      },
      signal ? { signal } : {},
    );
    if (outputs[0]) return outputs[0];
    if (numUnfinishedInputs === 0) {
      throw new AppError("OUTPUT_EXPIRED", `The result of ${functionCallId} is not kept any more.`, {
        status: "NOT_FOUND",
        remedy: "Results are kept for 7 days. Call again.",
      });
    }
    if (!deadline.isOver) continue;
    throw new AppError("CALL_NOT_FINISHED", `${functionCallId} did not finish within ${timeoutMs} ms.`, {
      status: "DEADLINE_EXCEEDED",
      remedy: "It goes on running: call get() again, or cancel() it.",
    });
  }
}

async function cancelOnAbort<T>(
  wire: Transport,
  functionCallId: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted) await cancelCall(wire, functionCallId);
    throw error;
  }
}

/** Cancels a call whose caller has a reason of its own to stop: that reason matters, not whether the server heard of it. */
export async function cancelCall(wire: Transport, functionCallId: string): Promise<void> {
  await wire.modal.functionCallCancel({ functionCallId }).catch(() => undefined);
}
