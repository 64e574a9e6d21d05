import { AppError } from "@dorian/base/app-error";
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
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import type { CallStore } from "./call-store.ts";
import type { Calls } from "./calls.ts";
import type { CallInput, FunctionCall } from "./function-call.ts";
import { readOutputs } from "./read-outputs.ts";

export interface CallHandlersOptions {
  calls: Calls;
  store: CallStore;
  catalog: FunctionCatalog;
  /** Inputs of a function that wait for a container. */
  pendingInputs: (functionId: string) => number;
  /** Ends an input wherever it is. */
  cancel: (input: CallInput, options: { terminateContainer: boolean; reason: string }) => Promise<void>;
}

const maxPayloadBytes = 64 * 1024 * 1024;
const maxPendingInputs = 25_000;
/** How many inputs a map may have out at once. */
const maxInputsOutstanding = 1_000;

type Handlers = Pick<
  ServiceHandlers<typeof ModalClient>,
  "functionMap" | "functionPutInputs" | "functionFinishInputs" | "functionCallCancel" | "functionCallFromId"
>;

/** Calls as their callers see them, but for reading the outputs. */
export function callHandlers(options: CallHandlersOptions): Handlers {
  const { calls, catalog, store } = options;
  const firstOutput = async (call: FunctionCall, request: FunctionMapRequest, { signal }: CallContext) => {
    if (request.outputWaitSecs <= 0) return {};
    const wanted = { timeout: request.outputWaitSecs, lastEntryId: "", maxValues: 1, startIdx: 0, endIdx: 0 };
    const { items } = await readOutputs(call, wanted, { store, signal });
    return items[0] ? { output: items[0] } : {};
  };
  return {
    async functionMap(request, context) {
      const spec = callable(catalog, request.functionId);
      const idempotencyKey = callerKey(context.identity, context.idempotencyKey);
      const first = calls.byKey(idempotencyKey);
      if (first) {
        await first.durable;
        const call = await calls.get(first.callId);
        const inputs = [...call.inputs.values()].slice(0, request.pipelinedInputs.length);
        return { ...mapResponse(spec, call, inputs), ...(await firstOutput(call, request, context)) };
      }
      admit(options, spec, request.pipelinedInputs);
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
      admit(
        options,
        spec,
        request.inputs.filter((item) => !call.inputs.has(item.idx)),
      );
      const { inputs, durable } = calls.add(call, request.inputs);
      await durable;
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

    async functionCallFromId(request) {
      const call = await calls.get(request.functionCallId);
      const { appId, functionId } = call.facts;
      return {
        functionCallId: request.functionCallId,
        numInputs: call.inputs.size,
        metadata: { appId, functionId },
      };
    },
  };
}

function callable(catalog: FunctionCatalog, functionId: string): FunctionSpec {
  const spec = catalog.spec(functionId);
  if (!spec) {
    throw new AppError("FUNCTION_NOT_FOUND", `There is no function ${functionId}.`, {
      status: "NOT_FOUND",
      remedy: "Look the function up again by its name: its app may have been deployed anew.",
    });
  }
  if (!spec.active) {
    throw new AppError("APP_STOPPED", `The app of ${spec.tag} is stopped.`, {
      remedy: "Deploy it again with `dorian deploy`, or start it with `dorian run`.",
    });
  }
  return spec;
}

function admit(
  options: CallHandlersOptions,
  spec: FunctionSpec,
  items: readonly FunctionPutInputsItem[],
): void {
  for (const item of items) {
    const args = item.input?.argsOneof;
    if (args?.case !== "args" || args.value.byteLength <= maxPayloadBytes) continue;
    throw new AppError(
      "PAYLOAD_TOO_LARGE",
      `The arguments of a call of ${spec.tag} are ${mebibytes(args.value.byteLength)} MiB; the limit is ${mebibytes(maxPayloadBytes)} MiB.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Put large data on a Volume and pass its path.",
      },
    );
  }
  const pending = options.pendingInputs(spec.functionId);
  if (items.length === 0 || pending + items.length <= maxPendingInputs) return;
  throw new AppError(
    "FUNCTION_QUEUE_FULL",
    `${pending} inputs of ${spec.tag} wait for a container already; the limit is ${maxPendingInputs}.`,
    { status: "RESOURCE_EXHAUSTED", remedy: "Wait for outputs before sending more." },
  );
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
  return { idx: input.idx, inputId: input.inputId, inputJwt: input.inputId };
}

function callerKey(identity: Identity, key: string): string {
  if (key === "") return "";
  const caller =
    identity.kind === "client" ? identity.tokenId : identity.kind === "task" ? identity.taskId : "worker";
  return `${caller}/${key}`;
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 / 1024);
}
