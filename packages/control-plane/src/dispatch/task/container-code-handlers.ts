import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { AppError } from "@dorian/base/app-error";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import { notFoundWords } from "../../access/not-found-words.ts";

/** What a container asks about the function that it runs. */
export function containerCodeHandlers({ catalog }: { catalog: FunctionCatalog }) {
  const specOf = (functionId: string): FunctionSpec => {
    const spec = catalog.spec(functionId);
    if (spec) return spec;
    throw new AppError("FUNCTION_NOT_FOUND", notFoundWords("Function", { id: functionId }), {
      status: "NOT_FOUND",
      remedy: "Its app may have been removed: run or deploy it again.",
    });
  };
  return {
    async functionGetSerialized(request) {
      const { functionSerialized, classSerialized } = specOf(request.functionId).definition;
      return { functionSerialized, classSerialized };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
