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
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../database/idempotency.ts";
import type { Journal } from "../database/journal.ts";
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
import { newFunctionRecord, type FunctionRecord } from "./function-record.ts";
import { saveFunction, type FunctionRegistry } from "./function-registry.ts";
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
          const record: FunctionRecord = {
            ...(known ??
              newFunctionRecord({
                functionId: newId("fu"),
                appId: request.appId,
                tag: request.functionName,
              })),
            precreated: request,
          };
          await saveFunction(trx, record);
          const { $typeName: _name, ...shown } = handleMetadata(
            { ...record, definition: undefined },
            undefined,
            "",
          );
          return {
            response: { functionId: record.functionId, handleMetadata: shown },
            committed: () => functions.put(record),
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
          const record = definition.isBuilderFunction
            ? builder(request.appId, definition)
            : pending(request.appId, request.existingFunctionId, definition);
          await saveFunction(trx, record);
          const definitionId = record.isBuilder ? record.definitionId : record.pendingId;
          return {
            response: {
              functionId: record.functionId,
              function: definition,
              handleMetadata: handleMetadata(record, definition, definitionId),
            },
            committed: () => {
              functions.put(record);
              if (record.isBuilder) catalog.changed([record.functionId]);
            },
          };
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
      await journal.write((trx) => saveFunction(trx, record));
      functions.put(record);
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

  function pending(appId: string, existingId: string, definition: FunctionDefinition): FunctionRecord {
    const known = existing(appId, existingId, definition.functionName);
    const base = known ?? newFunctionRecord({ functionId: newId("fu"), appId, tag: definition.functionName });
    return { ...base, pending: definition, pendingId: newId("de") };
  }
}

// Runs before its app is published, so it is live at once.
function builder(appId: string, definition: FunctionDefinition): FunctionRecord {
  return newFunctionRecord({
    functionId: newId("fu"),
    appId,
    tag: definition.functionName,
    isBuilder: true,
    definition,
    definitionId: newId("de"),
    revision: 1,
  });
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
