import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import { functionNotFound } from "../../access/function-not-found.ts";

/** What a container asks about the function that it runs. */
export function containerCodeHandlers({ catalog }: { catalog: FunctionCatalog }) {
  const specOf = (functionId: string): FunctionSpec => {
    const spec = catalog.spec(functionId);
    if (spec) return spec;
    throw functionNotFound(functionId);
  };
  return {
    async functionGetSerialized(request) {
      const { functionSerialized, classSerialized } = specOf(request.functionId).definition;
      return { functionSerialized, classSerialized };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
