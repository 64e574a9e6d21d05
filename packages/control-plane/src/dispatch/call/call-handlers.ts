import {
  FunctionCallType,
  type FunctionMapRequest,
  type FunctionPutInputsItem,
  type FunctionPutInputsResponseItem,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { CallContext, Identity, ServiceHandlers } from "@dorian/protocol/service";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FunctionPutInputsResponseItemSchema } from "@dorian/protocol/modal";
import type { FunctionSpec } from "../ports.ts";
import { admitToKeep, callable, type AdmissionOptions } from "./admission.ts";
import type { CallStore } from "./call-store.ts";
import type { Calls } from "./calls.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";
import { readOutputs } from "./read-outputs.ts";

export interface CallHandlersOptions extends AdmissionOptions {
  calls: Calls;
  store: CallStore;
  /** Ends an input wherever it is. */
  cancel: (input: CallInput, options: { terminateContainer: boolean; reason: string }) => Promise<void>;
}

/** How many inputs a map may have out at once. */
const maxInputsOutstanding = 1_000;

type Handlers = Pick<
  ServiceHandlers<typeof ModalClient>,
  "functionMap" | "functionPutInputs" | "functionFinishInputs" | "functionCallCancel"
>;

/** Calls as their callers see them, but for reading the outputs. */
export function callHandlers(options: CallHandlersOptions): Handlers {
  const { calls, catalog, store } = options;
  const firstOutput = async (call: FunctionCall, request: FunctionMapRequest, context: CallContext) => {
    if (request.outputWaitSecs <= 0) return {};
    const wanted = { timeout: request.outputWaitSecs, lastEntryId: "", maxValues: 1, startIdx: 0, endIdx: 0 };
    const { signal, takeRoom } = context;
    const { items } = await readOutputs(call, wanted, { store, signal, reader: context, takeRoom });
    return items[0] ? { output: items[0] } : {};
  };
  /** Those that the call has already keep their ids. */
  const put = async (call: FunctionCall, spec: FunctionSpec, items: readonly FunctionPutInputsItem[]) => {
    admitToKeep(
      options,
      spec,
      items.filter((item) => !call.inputs.has(item.idx)),
    );
    const { inputs, durable } = calls.add(call, items);
    await durable;
    return inputs;
  };
  return {
    async functionMap(request, context) {
      const spec = callable(catalog, request.functionId);
      const idempotencyKey = callerKey(context.identity, context.idempotencyKey);
      const first = calls.byKey(idempotencyKey);
      if (first) {
        await first.accepted();
        const call = await calls.get(first.callId);
        const inputs = await put(call, spec, request.pipelinedInputs);
        return { ...mapResponse(spec, call, inputs), ...(await firstOutput(call, request, context)) };
      }
      admitToKeep(options, spec, request.pipelinedInputs);
      const { call, inputs, durable } = calls.open(
        {
          functionId: spec.functionId,
          appId: spec.appId,
          type: request.functionCallType || FunctionCallType.UNARY,
          invocationType: request.functionCallInvocationType,
          parentInputId: request.parentInputId,
          idempotencyKey,
        },
        request.pipelinedInputs,
      );
      await durable;
      return { ...mapResponse(spec, call, inputs), ...(await firstOutput(call, request, context)) };
    },

    async functionPutInputs(request) {
      const call = await calls.get(request.functionCallId);
      const spec = callable(catalog, call.facts.functionId);
      const inputs = await put(call, spec, request.inputs);
      return { inputs: inputs.map(acknowledgement) };
    },

    // The number of inputs is known from the inputs themselves.
    async functionFinishInputs(request) {
      await calls.get(request.functionCallId);
      return {};
    },

    async functionCallCancel(request) {
      const call = await calls.get(request.functionCallId);
      const unfinished = [...call.inputs.values()].filter((input) => input.state.kind !== "finished");
      await Promise.all(
        unfinished.map((input) =>
          options.cancel(input, {
            terminateContainer: request.terminateContainers,
            reason: "The call was cancelled.",
          }),
        ),
      );
      return {};
    },
  };
}

function mapResponse(spec: FunctionSpec, call: FunctionCall, inputs: readonly CallInput[]) {
  const { retryPolicy } = spec.definition;
  return {
    functionCallId: call.facts.callId,
    pipelinedInputs: inputs.map(acknowledgement),
    ...(retryPolicy ? { retryPolicy } : {}),
    syncClientRetriesEnabled: false,
    maxInputsOutstanding,
  };
}

function acknowledgement(
  input: CallInput,
): MessageInitShape<typeof FunctionPutInputsResponseItemSchema> & Pick<FunctionPutInputsResponseItem, "idx"> {
  // Clients send the tokens of all unfinished inputs whenever they ask for outputs, and Dorian needs none.
  return { idx: input.idx, inputId: input.inputId, inputJwt: "" };
}

function callerKey(identity: Identity, key: string): string {
  if (key === "") return "";
  const caller =
    identity.kind === "client" ? identity.tokenId : identity.kind === "task" ? identity.taskId : "worker";
  return `${caller}/${key}`;
}
