import { create, toBinary } from "@bufbuild/protobuf";
import { FunctionOptionsSchema, type FunctionOptions } from "@dorian/protocol/modal";
import type { AppContent } from "../app/app-content.ts";
import { versionForgotten } from "../app/app-versions.ts";
import type { Journal } from "../../database/journal.ts";
import type { ImageRegistry } from "../image/image-registry.ts";
import { boundFunctionId } from "./bound-id.ts";
import type { Catalog } from "./function-catalog.ts";
import { newFunctionRecord, type FunctionRecord } from "./function-record.ts";
import { insertFunction, type FunctionRegistry } from "./function-registry.ts";

export interface VariantSources {
  functions: FunctionRegistry;
  images: Pick<ImageRegistry, "get">;
  catalog: Pick<Catalog, "changed">;
  journal: Journal;
  nowMs: () => number;
}

/** Makes a variant known; one that is known already stays as it is. */
export async function insertVariant(sources: VariantSources, record: FunctionRecord): Promise<void> {
  const { functions, catalog, journal } = sources;
  const { functionId } = record;
  await journal.write(
    async (trx) => {
      // Others may be binding the same at this moment.
      const made = await trx
        .selectFrom("function")
        .select("function_id")
        .where("function_id", "=", functionId)
        .executeTakeFirst();
      if (!made) await insertFunction(trx, record);
    },
    () => functions.put(record),
  );
  catalog.changed([functionId]);
}

/**
 * The variant of a function that runs what one version of its app ran, whatever is deployed after it.
 *
 * @throws AppError APP_VERSION_FORGOTTEN
 */
export async function pinned(
  sources: VariantSources,
  base: FunctionRecord,
  version: number,
  content: AppContent,
): Promise<FunctionRecord> {
  const then = content.definitions.get(base.functionId);
  if (!then || !sources.images.get(then.definition.imageId)) throw versionForgotten(version);
  const options = create(FunctionOptionsSchema, { pinnedAppVersion: version });
  const functionId = boundFunctionId(base.functionId, new Uint8Array(), optionBytesOf(options));
  const known = sources.functions.get(functionId);
  if (known) return known;
  const { appId, tag } = base;
  const record = newFunctionRecord({
    functionId,
    appId,
    tag,
    createdAtMs: sources.nowMs(),
    baseFunctionId: base.functionId,
    options,
    ...then,
  });
  await insertVariant(sources, record);
  return record;
}

/** Empty for options that say nothing. */
export function optionBytesOf(options: FunctionOptions | undefined): Uint8Array {
  return options ? toBinary(FunctionOptionsSchema, create(FunctionOptionsSchema, options)) : new Uint8Array();
}
