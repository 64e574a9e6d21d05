import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { FunctionCallType, type FunctionGetOutputsRequest, type ModalClient } from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { CallStore } from "./call-store.ts";
import type { Calls } from "./calls.ts";
import type { FunctionCall } from "./function-call.ts";
import { readOutputs } from "./read-outputs.ts";

/** Readers who ask for no longer than this have a limit of their own, after which they look at what is unfinished. */
const patientReaderSecs = 55;

/** Reading the outputs of calls. */
export function outputHandlers(options: {
  calls: Calls;
  store: CallStore;
}): Pick<ServiceHandlers<typeof ModalClient>, "functionGetOutputs"> {
  const { calls, store } = options;
  return {
    async functionGetOutputs(request, context) {
      const { signal, takeRoom } = context;
      const call = await calls.get(request.functionCallId);
      if (calls.hasExpired(call)) return await expired(request, context);
      if (isFarewell(call, request)) {
        return { lastEntryId: request.lastEntryId, numUnfinishedInputs: call.unfinished };
      }
      const { items, cursor } = await readOutputs(call, request, {
        store,
        signal,
        reader: context,
        takeRoom,
      });
      return {
        idxs: items.map((item) => item.idx ?? 0),
        outputs: items,
        lastEntryId: cursor === undefined ? request.lastEntryId || "0-0" : `${cursor}-0`,
        numUnfinishedInputs: call.unfinished,
      };
    },
  };
}

/** A map's reader says that it has all that it wants. Outputs are kept for others, and it does not look at the answer. */
function isFarewell(call: FunctionCall, request: FunctionGetOutputsRequest): boolean {
  return call.facts.type === FunctionCallType.MAP && request.clearOnSuccess && request.timeout === 0;
}

/** Official clients take "nothing, and nothing unfinished" for an expired output. One that waits without limit would ask for ever. */
async function expired(
  request: FunctionGetOutputsRequest,
  { language, isLibmodal, signal }: Pick<CallContext, "language" | "isLibmodal" | "signal">,
) {
  const isOurs = language === "typescript" && !isLibmodal;
  if (isOurs || request.timeout >= patientReaderSecs) {
    throw new AppError("OUTPUT_EXPIRED", `The results of ${request.functionCallId} have expired.`, {
      status: "NOT_FOUND",
      remedy: "Results are kept for 7 days: call the function again.",
    });
  }
  await sleep(request.timeout * 1000, { signal });
  return { lastEntryId: request.lastEntryId || "0-0", numUnfinishedInputs: 0 };
}
