import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { CallStore } from "./call-store.ts";
import type { Calls } from "./calls.ts";
import { readOutputs } from "./read-outputs.ts";

/** Reading the outputs of calls. */
export function outputHandlers(options: {
  calls: Calls;
  store: CallStore;
}): Pick<ServiceHandlers<typeof ModalClient>, "functionGetOutputs"> {
  const { calls, store } = options;
  return {
    async functionGetOutputs(request, { signal }) {
      const call = await calls.get(request.functionCallId);
      const { items, cursor } = await readOutputs(call, request, { store, signal });
      return {
        idxs: items.map((item) => item.idx ?? 0),
        outputs: items,
        lastEntryId: cursor === undefined ? request.lastEntryId || "0-0" : `${cursor}-0`,
        numUnfinishedInputs: call.unfinished,
      };
    },
  };
}
