import type { FunctionInput } from "@dorian/protocol/modal";
import type { CallStore } from "../call/call-store.ts";
import type { CallInput } from "../call/function-call.ts";
import type { InputItem } from "../task/task.ts";

export interface InputItemOptions {
  store: CallStore;
  /** The bytes of a blob that a client or a container has uploaded. */
  readBlob: (blobId: string) => Promise<Uint8Array>;
  /** The container has no network: it cannot fetch what its caller has uploaded. */
  inlinesBlobs: boolean;
}

/** An input as its container gets it. */
export async function inputItem(input: CallInput, options: InputItemOptions): Promise<InputItem> {
  return {
    inputId: input.inputId,
    input: await requestOf(input, options),
    functionCallId: input.call.facts.callId,
    functionCallInvocationType: input.call.facts.invocationType,
    retryCount: input.attempt,
    functionMapIdx: input.idx,
  };
}

async function requestOf(input: CallInput, options: InputItemOptions): Promise<FunctionInput> {
  const request = await options.store.requestOf(input);
  const { argsOneof } = request;
  if (!options.inlinesBlobs || argsOneof.case !== "argsBlobId") return request;
  const value = await options.readBlob(argsOneof.value);
  return { ...request, argsOneof: { case: "args", value } };
}
