import { AppError } from "@dorian/base/app-error";
import { GenericResult_GenericStatus as Status, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Database } from "../../database/database.ts";
import type { FunctionCatalog } from "../ports.ts";
import { callGraph } from "./call-graph.ts";
import type { Calls } from "./calls.ts";
import type { CallInput } from "./function-call.ts";
import { statusFor } from "./legacy-status.ts";

const maxGraphInputs = 10_000;
/** Inputs of each kind that are told of one by one. */
const latestInputs = 10;

/** What is told about calls, beside their outputs. */
export function callInfoHandlers(options: {
  calls: Calls;
  catalog: FunctionCatalog;
  db: Database;
}): Pick<
  ServiceHandlers<typeof ModalClient>,
  "functionCallFromId" | "functionCallGetInfo" | "functionGetCallGraph" | "functionRetryInputs"
> {
  const { calls, catalog, db } = options;
  return {
    async functionCallFromId({ functionCallId }) {
      const call = await calls.get(functionCallId);
      const { appId, functionId } = call.facts;
      return { functionCallId, numInputs: call.inputs.size, metadata: { appId, functionId } };
    },

    async functionCallGetInfo({ functionCallId }) {
      const call = await calls.get(functionCallId);
      const inputs = [...call.inputs.values()];
      const createdAt = call.facts.createdAtMs / 1000;
      const category = (kind: Category) => categoryInfo(inputs.filter((input) => categoryOf(input) === kind));
      return {
        info: {
          functionCallId,
          createdAt,
          scheduledAt: createdAt,
          pendingInputs: category("pending"),
          succeededInputs: category("succeeded"),
          failedInputs: category("failed"),
          timeoutInputs: category("timeout"),
          cancelledInputs: category("cancelled"),
          totalInputs: inputs.length,
        },
      };
    },

    async functionGetCallGraph({ functionCallId }, { clientVersion }) {
      const call = await calls.get(functionCallId);
      const graph = await callGraph(db, call, {
        maxInputs: maxGraphInputs,
        openInput: (inputId) => calls.openInput(inputId),
        known: (callId) => calls.inMemory(callId),
      });
      return {
        functionCalls: graph.calls.map(({ callId, functionId, parentInputId }) => {
          const definition = catalog.spec(functionId)?.definition;
          return {
            functionCallId: callId,
            parentInputId,
            functionName: definition?.functionName ?? "",
            moduleName: definition?.moduleName ?? "",
          };
        }),
        inputs: graph.inputs.map((input) => ({
          inputId: input.inputId,
          functionCallId: input.callId,
          taskId: input.taskId,
          status: statusFor(clientVersion, input.status),
        })),
        truncated: graph.truncated,
      };
    },

    async functionRetryInputs() {
      throw new AppError(
        "CLIENT_RETRIES_OFF",
        "The server retries inputs itself, as the function's retry policy says.",
        {
          remedy: "Set `retries` of the function. Clients are told that theirs are off.",
        },
      );
    },
  };
}

type Category = "pending" | "succeeded" | "failed" | "timeout" | "cancelled";

function categoryOf(input: CallInput): Category {
  switch (input.output?.status) {
    case undefined:
      return "pending";
    case Status.SUCCESS:
      return "succeeded";
    case Status.TIMEOUT:
      return "timeout";
    case Status.TERMINATED:
      return "cancelled";
    default:
      return "failed";
  }
}

function categoryInfo(inputs: readonly CallInput[]) {
  return {
    total: inputs.length,
    latest: inputs.slice(-latestInputs).map((input) => ({
      inputId: input.inputId,
      idx: input.idx,
      taskId: input.output?.taskId ?? (input.state.kind === "running" ? input.state.taskId : ""),
      startedAt: input.output?.startedAtSecs ?? 0,
      finishedAt: input.output?.createdAtSecs ?? 0,
    })),
  };
}
