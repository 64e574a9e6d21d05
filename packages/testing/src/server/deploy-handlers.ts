import { newId } from "@dorian/base/ids";
import { GenericResult_GenericStatus as Status, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";

/** What deploying asks for that a run in this process has no use of: files and images. */
export function deployHandlers() {
  return {
    mountBatchedCheckExistence: async () => ({ missingSha256HexHashes: [] }),
    mountGetOrCreate: async () => ({ mountId: newId("mo") }),
    imageGetOrCreate: async () => ({ imageId: newId("im"), result: { status: Status.SUCCESS } }),
  } satisfies ServiceHandlers<typeof ModalClient>;
}
