import { AppError } from "@dorian/base/app-error";
import type { Function as FunctionDefinition, FunctionOptions, ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Journal } from "../../database/journal.ts";
import type { WebAddresses } from "../../dispatch/ports.ts";
import { applyOptions } from "./apply-options.ts";
import { boundFunctionId } from "./bound-id.ts";
import { checkObjects, type References } from "./check-references.ts";
import { canonicalParameters } from "./class-parameters.ts";
import { notPublished, type Catalog } from "./function-catalog.ts";
import { newFunctionRecord, type FunctionRecord } from "./function-record.ts";
import type { FunctionRegistry } from "./function-registry.ts";
import { insertVariant, optionBytesOf, type VariantSources } from "./function-variants.ts";
import { aliasedMethod } from "./method-alias.ts";
import { classFunctionOf, handleMetadata, type HandleSources } from "./handle-metadata.ts";

export interface FunctionBindHandlerOptions {
  apps: AppRegistry;
  functions: FunctionRegistry;
  web: WebAddresses;
  references: References;
  catalog: Catalog;
  journal: Journal;
  nowMs: () => number;
}

/** Binds functions and classes to parameters and options: each set of them is a function of its own, with a pool of its own. */
export function functionBindHandlers(options: FunctionBindHandlerOptions) {
  const { apps, functions, web, references, catalog, journal, nowMs } = options;
  const sources: HandleSources = { apps, functions, web };
  const variants: VariantSources = { functions, images: references.images, catalog, journal, nowMs };
  return {
    async functionBindParams(request) {
      const named = functions.require(request.functionId);
      const base = aliasedMethod(named) === "" ? named : (classFunctionOf(functions, named) ?? named);
      apps.requireOpen(base.appId);
      const root = functions.root(base);
      const definition = root.definition ?? root.pending;
      if (!definition) throw notPublished(root);
      const params = boundParameters(root, definition, base, request.serializedParams);
      const optionBytes = optionBytesOf(request.functionOptions);
      if (params.length === 0 && optionBytes.length === 0) return bound(base, definition);
      const functionId = boundFunctionId(base.functionId, params, optionBytes);
      const known = functions.get(functionId);
      if (known) return bound(known, definition);
      const chosen = request.functionOptions;
      if (chosen) {
        checkOptions(chosen);
        checkBatching(root.tag, definition, chosen);
        checkObjects(chosen, references);
        applyOptions(definition, chosen);
      }
      const record = newFunctionRecord({
        functionId,
        appId: base.appId,
        tag: base.tag,
        createdAtMs: nowMs(),
        baseFunctionId: base.functionId,
        serializedParams: params,
        options: optionBytes.length === 0 ? undefined : chosen,
        isBuilder: base.isBuilder,
      });
      await insertVariant(variants, record);
      return bound(record, definition);
    },
  } satisfies ServiceHandlers<typeof ModalClient>;

  function bound(record: FunctionRecord, definition: FunctionDefinition) {
    const metadata = handleMetadata(sources, record, definition, record.definitionId);
    return { boundFunctionId: record.functionId, handleMetadata: metadata };
  }
}

/** Empty for the set of all defaults, which is what the class itself runs with. */
function boundParameters(
  root: FunctionRecord,
  definition: FunctionDefinition,
  base: FunctionRecord,
  serialized: Uint8Array,
): Uint8Array {
  const info = definition.classParameterInfo;
  if (serialized.length === 0 && base !== root) return new Uint8Array();
  const params = canonicalParameters(root.tag, info, serialized);
  const hasDefaults = info?.schema.every((parameter) => parameter.hasDefault) ?? false;
  if (!hasDefaults) return params;
  const defaults = canonicalParameters(root.tag, info, new Uint8Array());
  return Buffer.compare(params, defaults) === 0 ? new Uint8Array() : params;
}

function checkOptions(options: FunctionOptions): void {
  if (options.pinnedAppVersion === undefined) return;
  throw new AppError(
    "FUNCTION_FEATURE_UNSUPPORTED",
    "Dorian does not serve pins of a version beside other options.",
    {
      status: "UNIMPLEMENTED",
      remedy: "Look the function up with `version`, and give what that finds its options.",
    },
  );
}

/** Code that takes one input at a time cannot be given several by an option. Python's decides that by itself. */
function checkBatching(
  tag: string,
  definition: FunctionDefinition,
  { batchMaxSize = 0 }: FunctionOptions,
): void {
  if (batchMaxSize === 0 || definition.batchMaxSize > 0 || !definition.nodeEntrypoint) return;
  const name = tag.replace(/\.\*$/, "");
  throw new AppError("FUNCTION_NOT_BATCHED", `"${name}" takes its inputs one by one, not in batches.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Leave `batched` out of its options, or deploy it as batched, with code that takes lists.",
  });
}
