import { create, toBinary } from "@bufbuild/protobuf";
import {
  DataFormat,
  Function_FunctionType,
  GeneratorDoneSchema,
  type FunctionGetInputsItem,
  type ModalClient,
} from "@dorian/protocol/modal";
import { encodeValue } from "@dorian/protocol/value/payload";
import { pickleValue } from "@dorian/protocol/value/pickle/write-pickle";
import type { ServiceClient } from "@dorian/protocol/service";
import { ChunkWriter } from "./chunk-writer.ts";
import { success, type InputResult } from "./input-result.ts";
import { inputArguments } from "./input-arguments.ts";
import type { Program } from "./program.ts";
import { failureOf } from "./remote-error.ts";
import type { RunningInput } from "./running-inputs.ts";
import { runWebInput } from "./web/run-web-input.ts";

/** Runs user code on an input. What it throws becomes the result. */
export async function runInput(
  modal: ServiceClient<typeof ModalClient>,
  program: Program,
  running: RunningInput,
): Promise<InputResult> {
  const { item, signal } = running;
  const methodName = item.input?.methodName ?? "";
  try {
    const answer = program.webAnswer?.(methodName);
    if (answer) return await runWebInput(modal, answer, running);
    const call = program.callable(methodName);
    const args = await inputArguments(modal, item.input, { signal });
    const value = call(...args);
    if (isIterator(value) || program.functionType(methodName) === Function_FunctionType.GENERATOR)
      return await runGenerator(modal, running, value as AsyncIterable<unknown>);
    return outputOf(item, await value, "the result");
  } catch (error) {
    return { result: failureOf(error), dataFormat: DataFormat.CBOR };
  }
}

async function runGenerator(
  modal: ServiceClient<typeof ModalClient>,
  running: RunningInput,
  values: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<InputResult> {
  const { item, signal } = running;
  const dataFormat = answerFormat(item);
  const writer = new ChunkWriter({ modal, functionCallId: item.functionCallId, dataFormat, signal });
  try {
    for await (const value of await values) {
      await writer.write(encode(value, `value ${writer.count + 1n} of the generator`, dataFormat));
      signal.throwIfAborted();
    }
  } catch (error) {
    // What was yielded before reaches the caller first. If that fails too, this error is still the cause.
    await writer.flush().catch(() => undefined);
    throw error;
  }
  await writer.flush();
  const done = create(GeneratorDoneSchema, { itemsTotal: writer.count });
  return success(toBinary(GeneratorDoneSchema, done), DataFormat.GENERATOR_DONE);
}

/**
 * An output of user code's, whatever it is, in the format that the caller of `item` reads. What cannot be sent is a failure that no
 * further try would mend: the work is done, and would be done in vain again.
 */
export function outputOf(item: FunctionGetInputsItem, value: unknown, what: string): InputResult {
  const format = answerFormat(item);
  try {
    return success(encode(value, what, format), format);
  } catch (error) {
    const result = failureOf(error);
    result.final = true;
    return { result, dataFormat: DataFormat.CBOR };
  }
}

/** Chooses the format of an answer: who sends pickles may read nothing else. */
function answerFormat({ input }: FunctionGetInputsItem): DataFormat.PICKLE | DataFormat.CBOR {
  return input?.dataFormat === DataFormat.PICKLE ? DataFormat.PICKLE : DataFormat.CBOR;
}

function encode(value: unknown, what: string, format: DataFormat.PICKLE | DataFormat.CBOR): Uint8Array {
  return format === DataFormat.PICKLE ? pickleValue(value, what) : encodeValue(value, what);
}

function isIterator(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("next" in value)) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}
