// What tests do as a caller.
import { sleep } from "@dorian/base/sleep";
import {
  DataFormat,
  FunctionCallInvocationType,
  FunctionCallType,
  GenericResult_GenericStatus,
  type FunctionGetOutputsItem,
} from "@dorian/protocol/modal";
import { decodeValue, encodeArguments } from "@dorian/protocol/value/payload";
import type { ModalCaller } from "./scripted-server.ts";

/** Calls a function and does not wait for its result. */
export async function spawn(modal: ModalCaller, functionId: string, ...args: unknown[]): Promise<string> {
  const { functionCallId } = await modal.functionMap({
    functionId,
    functionCallType: FunctionCallType.UNARY,
    functionCallInvocationType: FunctionCallInvocationType.SYNC,
    pipelinedInputs: [pipelined(0, args)],
  });
  return functionCallId;
}

export function pipelined(idx: number, args: unknown[]) {
  return {
    idx,
    input: {
      argsOneof: { case: "args" as const, value: encodeArguments(args) },
      dataFormat: DataFormat.CBOR,
    },
  };
}

/** The output of a call with one input. */
export async function outputOf(
  modal: ModalCaller,
  functionCallId: string,
  timeout = 20,
): Promise<FunctionGetOutputsItem> {
  const { outputs } = await modal.functionGetOutputs({ functionCallId, timeout, lastEntryId: "0-0" });
  const output = outputs[0];
  if (!output) throw new Error(`There is no output of ${functionCallId} after ${timeout} s.`);
  return output;
}

export function valueOf(output: FunctionGetOutputsItem): unknown {
  const data = output.result?.dataOneof;
  return data?.case === "data" ? decodeValue(data.value) : undefined;
}

/** Calls a function and returns its value; throws what it failed with. */
export async function remote(modal: ModalCaller, functionId: string, ...args: unknown[]): Promise<unknown> {
  const { result } = await outputOf(modal, await spawn(modal, functionId, ...args));
  if (result?.status !== GenericResult_GenericStatus.SUCCESS)
    throw new Error(`${GenericResult_GenericStatus[result?.status ?? 0]}: ${result?.exception}`);
  return result.dataOneof.case === "data" ? decodeValue(result.dataOneof.value) : undefined;
}

/** Waits until `check` holds, at most 10 s. */
export async function eventually(check: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`Still not so after 10 s: ${what}.`);
    await sleep(5, { signal: AbortSignal.timeout(60_000) });
  }
}
