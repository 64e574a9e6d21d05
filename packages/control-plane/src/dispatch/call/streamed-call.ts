import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  DataChunkSchema,
  DataFormat,
  FunctionCallInvocationType,
  FunctionCallType,
  FunctionPutInputsItemSchema,
  type FunctionInputSchema,
  type GenericResult,
} from "@dorian/protocol/modal";
import { must } from "@dorian/base/must";
import { admit, callable, type AdmissionOptions } from "./admission.ts";
import type { Calls } from "./calls.ts";
import type { CallInput, FunctionCall, LiveData } from "./function-call.ts";

export interface StreamedCallsOptions extends AdmissionOptions {
  calls: Calls;
  cancel: (input: CallInput, options: { terminateContainer: boolean; reason: string }) => Promise<void>;
  /** The bytes of a blob that a container has uploaded. */
  readBlob: (blobId: string) => Promise<Uint8Array>;
  /** Told when the caller of an input has gone. */
  left: (input: CallInput) => void;
  /** Told when the caller of an input has the whole answer. */
  answered: (input: CallInput) => void;
}

/**
 * Calls whose caller is connected and talks with the container while it runs, such as web requests. Nothing of them is
 * written down: a call ends with its caller.
 */
export type StreamedCalls = (options: {
  functionId: string;
  input: MessageInitShape<typeof FunctionInputSchema>;
  /** What the container finds when it begins: web apps give up when they wait for their first message. */
  firstMessages?: readonly Uint8Array[];
}) => StreamedCall;

export interface StreamedCall {
  readonly callId: string;
  readonly inputId: string;
  /** How the call ended; it never rejects. Everything received by then came before it. */
  readonly result: Promise<GenericResult>;
  /** Says something to the container. Resolves when it may be told more; what is said after the end is dropped. */
  send(message: Uint8Array, options: { signal: AbortSignal }): Promise<void>;
  /** What the container says, in order, until the call has ended. To be read once: what is not read makes it wait. */
  received(options: { signal: AbortSignal }): AsyncIterable<Uint8Array>;
  /** What the container said with its output, once the call has ended: a `WebMessages`, which a short answer fits into. */
  lastWords(): Uint8Array | undefined;
  /** The caller has what it asked for: its container counts as free, although it may have something left to do. */
  answered(): void;
  /** Nobody receives any more, which the container is told as soon as it can be: what the container goes on saying is dropped, and after some of that it has to wait for the end. */
  abandon(): void;
  /** Ends the call, wherever it is; without effect on one that has ended. */
  cancel(reason: string): Promise<void>;
}

const never = new AbortController().signal;

/** Opens calls with {@link StreamedCalls}. Throws as a call from outside would: APP_STOPPED, FUNCTION_QUEUE_FULL… */
export function streamedCalls(options: StreamedCallsOptions): StreamedCalls {
  return ({ functionId, input: request, firstMessages = [] }) => {
    const item = create(FunctionPutInputsItemSchema, { input: request });
    const spec = callable(options.catalog, functionId);
    admit(options, spec, [item]);
    const { call, input } = options.calls.openLive(
      {
        functionId: spec.functionId,
        appId: spec.appId,
        type: FunctionCallType.UNARY,
        invocationType: FunctionCallInvocationType.SYNC,
        parentInputId: "",
        idempotencyKey: "",
      },
      item,
    );
    const live = must(call.live, "the data of a live call");
    for (const message of firstMessages) void live.in.push(chunkOf(message), { signal: never });
    return handle(options, call, input, live);
  };
}

function handle(
  options: StreamedCallsOptions,
  call: FunctionCall,
  input: CallInput,
  live: LiveData,
): StreamedCall {
  return {
    callId: call.facts.callId,
    inputId: input.inputId,
    result: resultOf(call, input),
    send: (message, { signal }) => live.in.push(chunkOf(message), { signal }),
    async *received({ signal }) {
      for await (const { dataOneof } of live.out.read(1, { signal })) {
        if (dataOneof.case === "data") yield dataOneof.value;
        else if (dataOneof.case === "dataBlobId") yield await options.readBlob(dataOneof.value);
      }
    },
    answered: () => options.answered(input),
    abandon() {
      live.out.abandon();
      options.left(input);
    },
    lastWords: () => lastWordsOf(input),
    async cancel(reason) {
      if (input.state.kind !== "finished") await options.cancel(input, { terminateContainer: false, reason });
    },
  };
}

async function resultOf(call: FunctionCall, input: CallInput): Promise<GenericResult> {
  while (!input.output) await call.changed.wait({ signal: never });
  return must(input.output.result, "the result of a live call");
}

/** What came with an output in the format of web messages. */
function lastWordsOf({ output }: CallInput): Uint8Array | undefined {
  const { dataOneof } = output?.result ?? {};
  return output?.format === DataFormat.ASGI && dataOneof?.case === "data" ? dataOneof.value : undefined;
}

function chunkOf(message: Uint8Array) {
  return create(DataChunkSchema, {
    dataFormat: DataFormat.ASGI,
    dataOneof: { case: "data", value: message },
  });
}
