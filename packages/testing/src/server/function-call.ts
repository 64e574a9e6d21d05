import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { newId } from "@dorian/base/ids";
import { Notifier } from "@dorian/base/notifier";
import {
  FunctionGetOutputsItemSchema,
  GenericResultSchema,
  GenericResult_GenericStatus as Status,
  type DataChunk,
  type DataFormat,
  type FunctionCallInvocationType,
  type FunctionCallType,
  type FunctionGetOutputsItem,
  type FunctionInput,
  type FunctionPutInputsItem,
  type GenericResult,
} from "@dorian/protocol/modal";
import type { TestFunction } from "./test-function.ts";

/** One input of a call, from its coming to its output. */
export interface CallInput {
  inputId: string;
  call: FunctionCall;
  idx: number;
  input: FunctionInput;
  waitingSinceMs: number;
  /** Retries that its function's policy has spent on it. */
  retries: number;
  output?: FunctionGetOutputsItem;
}

/** What an output says beside whose it is. */
export interface Outcome {
  result: GenericResult;
  dataFormat?: DataFormat;
  taskId?: string;
}

/** A call, with its inputs and what came of them. */
export class FunctionCall {
  readonly callId = newId("fc");
  readonly target: TestFunction;
  readonly type: FunctionCallType;
  readonly invocationType: FunctionCallInvocationType;
  readonly parentInputId: string;
  readonly createdAtMs: number;
  readonly inputs = new Map<number, CallInput>();
  /** In the order they came in. */
  readonly outputs: FunctionGetOutputsItem[] = [];
  /** What a generator has yielded. */
  readonly chunks: DataChunk[] = [];
  readonly changed = new Notifier();

  constructor(
    facts: Pick<FunctionCall, "target" | "type" | "invocationType" | "parentInputId" | "createdAtMs">,
  ) {
    this.target = facts.target;
    this.type = facts.type;
    this.invocationType = facts.invocationType;
    this.parentInputId = facts.parentInputId;
    this.createdAtMs = facts.createdAtMs;
  }

  get unfinished(): number {
    return this.inputs.size - this.outputs.length;
  }

  /** Takes an input in; one that it has already stays as it is. */
  add({ idx, input }: FunctionPutInputsItem, nowMs: number): { input: CallInput; isNew: boolean } {
    const known = this.inputs.get(idx);
    if (known) return { input: known, isNew: false };
    const added: CallInput = {
      inputId: newId("in"),
      call: this,
      idx,
      input: input as FunctionInput,
      waitingSinceMs: nowMs,
      retries: 0,
    };
    this.inputs.set(idx, added);
    return { input: added, isNew: true };
  }

  /** Ends an input; what has its output already keeps it. */
  finish(input: CallInput, { result, dataFormat = 0, taskId = "" }: Outcome): void {
    if (input.output) return;
    const { idx, inputId } = input;
    input.output = create(FunctionGetOutputsItemSchema, { result, idx, inputId, dataFormat, taskId });
    this.outputs.push(input.output);
    this.changed.notify();
  }
}

/** A result that comes from elsewhere than the app's code. */
export function resultOf(
  status: Status,
  exception: string,
): MessageInitShape<typeof GenericResultSchema> & GenericResult {
  return create(GenericResultSchema, { status, exception });
}
