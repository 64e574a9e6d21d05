import { create, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import {
  FunctionCreateResponseSchema,
  FunctionOptionsSchema,
  FunctionPrecreateResponseSchema,
  type Function as FunctionDefinition,
  type FunctionOptions,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../database/idempotency.ts";
import type { Journal } from "../database/journal.ts";
import type { Tables } from "../database/tables.ts";
import type { Environments } from "../environment/environments.ts";
import { applyOptions } from "./apply-options.ts";
import { boundFunctionId } from "./bound-id.ts";
import {
  checkDefinition,
  checkFunctionName,
  checkSecretsAndVolumes,
  unsupported,
  type References,
} from "./check-references.ts";
import { canonicalParameters } from "./class-parameters.ts";
import { normaliseDefinition } from "./definition.ts";
import { notPublished, type Catalog } from "./function-catalog.ts";
import { newFunctionRecord, type FunctionChange, type FunctionRecord } from "./function-record.ts";
import { insertFunction, updateFunction, type FunctionRegistry } from "./function-registry.ts";
import { handleMetadata } from "./handle-metadata.ts";

export interface FunctionHandlerOptions {
  apps: AppRegistry;
  functions: FunctionRegistry;
  environments: Environments;
  references: References;
  catalog: Catalog;
  journal: Journal;
  idempotency: Idempotency;
}

export function createFunctionHandlers(options: FunctionHandlerOptions) {
  const { apps, functions, environments, references, catalog, journal, idempotency } = options;

  /** The function that a request means: the one it names, or the one of the same tag. */
  const existing = (appId: string, existingId: string, tag: string): FunctionRecord | undefined => {
    if (existingId === "") return functions.byTag(appId, tag);
    const record = functions.require(existingId);
    if (record.appId === appId && record.tag === tag && record.baseFunctionId === undefined) return record;
    throw new AppError("FUNCTION_OF_OTHER_APP", `${existingId} is not the function "${tag}" of this app.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Read the app's layout again and take the ids from there.",
    });
  };

  return {
    async functionPrecreate(request, context) {
      apps.requireOpen(request.appId);
      checkFunctionName(request.functionName);
      if (request.webhookConfig) throw unsupported("Web endpoints");
      return await idempotency.once(
        context,
        { method: "FunctionPrecreate", schema: FunctionPrecreateResponseSchema },
        async (trx) => {
          const known = existing(request.appId, request.existingFunctionId, request.functionName);
          const tag = request.functionName;
          const record = known ?? newFunctionRecord({ functionId: newId("fu"), appId: request.appId, tag });
          const precreated = { ...record, precreated: request, definition: undefined };
          const committed = await write(trx, known, precreated, { precreated: request });
          return {
            response: {
              functionId: record.functionId,
              handleMetadata: handleMetadata(precreated, undefined, ""),
            },
            committed,
          };
        },
      );
    },

    async functionCreate(request, context) {
      apps.requireOpen(request.appId);
      if (request.schedule) throw unsupported("Schedules");
      const definition = normaliseDefinition(request);
      checkDefinition(definition, references);
      return await idempotency.once(
        context,
        { method: "FunctionCreate", schema: FunctionCreateResponseSchema },
        async (trx) => {
          if (definition.isBuilderFunction) return await createBuilder(trx, request.appId, definition);
          const tag = definition.functionName;
          const known = existing(request.appId, request.existingFunctionId, tag);
          const record = known ?? newFunctionRecord({ functionId: newId("fu"), appId: request.appId, tag });
          const change = { pending: definition, pendingId: newId("de") };
          const committed = await write(trx, known, { ...record, ...change }, change);
          return { response: created(record, definition, change.pendingId), committed };
        },
      );
    },

    async functionBindParams(request) {
      const base = functions.require(request.functionId);
      apps.requireOpen(base.appId);
      const root = functions.root(base);
      const definition = root.definition ?? root.pending;
      if (!definition) throw notPublished(root);
      const params = boundParameters(root, definition, base, request.serializedParams);
      const optionBytes = meaningfulOptions(request.functionOptions);
      if (params.length === 0 && optionBytes.length === 0) return bound(base, definition);
      const functionId = boundFunctionId(base.functionId, params, optionBytes);
      const known = functions.get(functionId);
      if (known) return bound(known, definition);
      const chosen = request.functionOptions;
      if (chosen) {
        checkSecretsAndVolumes(chosen.secretIds, chosen.volumeMounts, references);
        applyOptions(definition, chosen);
      }
      const record = newFunctionRecord({
        functionId,
        appId: base.appId,
        tag: base.tag,
        baseFunctionId: base.functionId,
        serializedParams: params,
        options: optionBytes.length === 0 ? undefined : chosen,
        isBuilder: base.isBuilder,
      });
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
      return bound(record, definition);
    },

    async functionGet(request) {
      const environment = environments.require(request.environmentName).name;
      const app = apps.deployed(environment, request.appName);
      if (!app) throw appNotDeployed(request.appName);
      const functionId = app.functionIds.get(request.objectTag);
      if (functionId === undefined) {
        const tags = [...app.functionIds.keys()].filter((tag) => !tag.endsWith(".*"));
        throw new AppError(
          "FUNCTION_NOT_FOUND",
          `The app "${request.appName}" has no function "${request.objectTag}".`,
          { status: "NOT_FOUND", remedy: `It has: ${tags.join(", ") || "no functions"}.` },
        );
      }
      const record = functions.require(functionId);
      return { functionId, handleMetadata: handleMetadata(record, record.definition, record.definitionId) };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;

  /** Inserts a function, or writes its change. Returns what to do once it is durable. */
  async function write(
    trx: Transaction<Tables>,
    known: FunctionRecord | undefined,
    record: FunctionRecord,
    change: FunctionChange,
  ): Promise<() => void> {
    if (!known) {
      await insertFunction(trx, record);
      return () => functions.put(record);
    }
    await updateFunction(trx, record.functionId, change);
    return () => functions.change(record.functionId, change);
  }

  // Runs before its app is published, so it is live at once.
  async function createBuilder(trx: Transaction<Tables>, appId: string, definition: FunctionDefinition) {
    const record = newFunctionRecord({
      functionId: newId("fu"),
      appId,
      tag: definition.functionName,
      isBuilder: true,
      definition,
      definitionId: newId("de"),
      revision: 1,
    });
    await insertFunction(trx, record);
    const committed = () => {
      functions.put(record);
      catalog.changed([record.functionId]);
    };
    return { response: created(record, definition, record.definitionId), committed };
  }
}

function created(record: FunctionRecord, definition: FunctionDefinition, definitionId: string) {
  return {
    functionId: record.functionId,
    function: definition,
    handleMetadata: handleMetadata(record, definition, definitionId),
  };
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

function meaningfulOptions(options: FunctionOptions | undefined): Uint8Array {
  return options ? toBinary(FunctionOptionsSchema, create(FunctionOptionsSchema, options)) : new Uint8Array();
}

function bound(record: FunctionRecord, definition: FunctionDefinition) {
  return {
    boundFunctionId: record.functionId,
    handleMetadata: handleMetadata(record, definition, record.definitionId),
  };
}

export function appNotDeployed(name: string): AppError {
  return new AppError("APP_NOT_FOUND", `No app named "${name}" is deployed.`, {
    status: "NOT_FOUND",
    remedy: "Deploy it with `dorian deploy`; `dorian app list` shows the apps there are.",
  });
}
