import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import {
  FunctionCreateResponseSchema,
  FunctionPrecreateResponseSchema,
  type Function as FunctionDefinition,
  type FunctionOptions,
  type FunctionPrecreateRequest,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { AppRegistry } from "../app/app-registry.ts";
import { contentOfVersion } from "../app/app-versions.ts";
import type { Database } from "../../database/database.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Journal } from "../../database/journal.ts";
import type { Tables } from "../../schema/tables.ts";
import type { Environments } from "../../access/environment/environments.ts";
import type { WorkerOffer } from "../../dispatch/placement/placement.ts";
import type { WebAddresses } from "../../dispatch/ports.ts";
import { appNotDeployed } from "./app-not-deployed.ts";
import { applyOptions } from "./apply-options.ts";
import { boundFunctionId } from "./bound-id.ts";
import {
  checkDefinition,
  checkAnnouncement,
  checkSecretsAndVolumes,
  type References,
} from "./check-references.ts";
import { canonicalParameters } from "./class-parameters.ts";
import { dropEmptyWebhook, normaliseDefinition } from "./definition.ts";
import { notPublished, type Catalog } from "./function-catalog.ts";
import { functionDataOf, withoutCode } from "./function-data.ts";
import { lookedUp } from "./function-lookup.ts";
import { newFunctionRecord, type FunctionChange, type FunctionRecord } from "./function-record.ts";
import { roomWarnings } from "./room-warnings.ts";
import { ignoredOptions } from "./ignored-options.ts";
import { insertFunction, updateFunction, type FunctionRegistry } from "./function-registry.ts";
import { classFunctionOf, handleMetadata, type HandleSources } from "./handle-metadata.ts";
import { aliasedMethod } from "./method-alias.ts";
import { insertVariant, optionBytesOf, pinned, type VariantSources } from "./function-variants.ts";
import { allocateAddresses } from "./web-allocation.ts";

export interface FunctionHandlerOptions {
  db: Database;
  apps: AppRegistry;
  functions: FunctionRegistry;
  environments: Environments;
  references: References;
  web: WebAddresses;
  catalog: Catalog;
  journal: Journal;
  idempotency: Idempotency;
  nowMs: () => number;
  /** What the workers of now have. */
  offers: () => readonly WorkerOffer[];
}

export function functionHandlers(options: FunctionHandlerOptions) {
  const { db, apps, functions, environments, references, web, catalog, journal, idempotency, nowMs, offers } =
    options;
  const sources: HandleSources = { apps, functions, web };
  const variants: VariantSources = { functions, images: references.images, catalog, journal, nowMs };

  const newRecord = (appId: string, tag: string) =>
    newFunctionRecord({ functionId: newId("fu"), appId, tag, createdAtMs: nowMs() });

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
      const app = apps.requireOpen(request.appId);
      checkAnnouncement(request);
      const serverWarnings = announcedWarnings(request, offers());
      for (const each of [request, ...Object.values(request.methodDefinitions)]) dropEmptyWebhook(each);
      return await idempotency.once(
        context,
        { method: "FunctionPrecreate", schema: FunctionPrecreateResponseSchema },
        async (trx) => {
          const tag = request.functionName;
          const known = existing(request.appId, request.existingFunctionId, tag);
          const record = known ?? newRecord(request.appId, tag);
          const kept = { precreated: { ...request, announced: undefined } };
          const precreated = { ...record, ...kept, definition: undefined, pending: undefined };
          const addresses = await allocateAddresses(trx, web, app, tag, request);
          const committed = await write(trx, known, { ...record, ...kept }, kept);
          const described = { ...sources, web: addresses.web };
          return {
            response: {
              functionId: record.functionId,
              handleMetadata: handleMetadata(described, precreated, undefined, ""),
              serverWarnings,
            },
            committed: () => {
              addresses.committed();
              committed();
            },
          };
        },
      );
    },

    async functionCreate(request, context) {
      const app = apps.requireOpen(request.appId);
      const definition = normaliseDefinition(request);
      definition.clientVersion = context.clientVersion ?? "";
      checkDefinition(definition, references);
      return await idempotency.once(
        context,
        { method: "FunctionCreate", schema: FunctionCreateResponseSchema },
        async (trx) => {
          if (definition.isBuilderFunction) return await createBuilder(trx, request.appId, definition);
          const tag = definition.functionName;
          const known = existing(request.appId, request.existingFunctionId, tag);
          const record = known ?? newRecord(request.appId, tag);
          const change = { pending: definition, pendingId: newId("de") };
          const addresses = await allocateAddresses(trx, web, app, tag, definition);
          const committed = await write(trx, known, { ...record, ...change }, change);
          const described = { ...sources, web: addresses.web };
          const pending = { ...record, ...change, definition: undefined };
          const response = created(described, pending, definition, change.pendingId);
          return {
            response: { ...response, serverWarnings: ignoredOptions(definition, context.language) },
            committed: () => {
              addresses.committed();
              committed();
            },
          };
        },
      );
    },

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
        checkSecretsAndVolumes(chosen.secretIds, chosen.volumeMounts, references);
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

    async functionGet(request) {
      const { scope } = environments.require(request.environmentName);
      const app = apps.callable(scope, request.appName);
      if (!app) throw appNotDeployed(request.appName);
      if (request.appVersion === 0) return lookedUp(sources, app, request.objectTag);
      const content = await contentOfVersion(db, app.appId, request.appVersion);
      return lookedUp(sources, { ...app, ...content }, request.objectTag, (record) =>
        pinned(variants, record, request.appVersion, content),
      );
    },

    async functionGetById(request) {
      const record = functions.require(request.functionId);
      const definition = catalog.spec(record.functionId)?.definition ?? record.definition ?? record.pending;
      if (!definition) throw notPublished(record);
      return {
        function: functionDataOf(definition),
        handleMetadata: handleMetadata(sources, record, definition),
      };
    },

    async functionGetSerialized(request) {
      const record = functions.require(request.functionId);
      const { definition } = functions.root(record);
      if (!definition) throw notPublished(record);
      return {
        functionSerialized: definition.functionSerialized,
        classSerialized: definition.classSerialized,
      };
    },

    async functionGetSchedulingParams(request) {
      const record = functions.require(request.functionId);
      const definition = catalog.spec(record.functionId)?.definition;
      if (!definition) throw notPublished(record);
      const { scheduling } = record;
      const declared = functions.root(record).definition?.autoscalerSettings;
      return {
        autoscalerConfiguration: {
          ...(definition.autoscalerSettings ? { settings: definition.autoscalerSettings } : {}),
          ...(declared ? { staticSettings: declared } : {}),
          ...(scheduling ? { overrideSettings: scheduling } : {}),
        },
      };
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
      createdAtMs: nowMs(),
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
    return { response: created(sources, record, definition, record.definitionId), committed };
  }

  function bound(record: FunctionRecord, definition: FunctionDefinition) {
    const metadata = handleMetadata(sources, record, definition, record.definitionId);
    return { boundFunctionId: record.functionId, handleMetadata: metadata };
  }
}

/** What is known to stay unplaced before time is spent on its image. */
function announcedWarnings(
  { functionName: tag, announced: definition }: FunctionPrecreateRequest,
  offers: readonly WorkerOffer[],
) {
  return definition ? roomWarnings([{ tag, definition }], offers) : [];
}

function created(
  sources: HandleSources,
  record: FunctionRecord,
  definition: FunctionDefinition,
  definitionId: string,
) {
  const echo = withoutCode(definition);
  echo.webUrl = (definition.webhookConfig && sources.web.urlOf(record.appId, record.tag)) ?? "";
  for (const method of Object.values(echo.methodDefinitions)) {
    method.webUrl = (method.webhookConfig && sources.web.urlOf(record.appId, method.functionName)) ?? "";
  }
  return {
    functionId: record.functionId,
    // Clients of 0.62 print it.
    DeprecatedWebUrl: echo.webUrl,
    function: echo,
    functionData: functionDataOf(echo),
    handleMetadata: handleMetadata(sources, record, definition, definitionId),
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

function checkOptions(options: FunctionOptions): void {
  const [what, remedy] =
    options.pinnedAppVersion !== undefined
      ? [
          "pins of a version beside other options",
          "Look the function up with `version`, and give what that finds its options.",
        ]
      : options.cloudBucketMounts.length > 0
        ? ["cloud bucket mounts", "Copy the files into a `Volume`."]
        : [];
  if (what === undefined || remedy === undefined) return;
  throw new AppError("FUNCTION_FEATURE_UNSUPPORTED", `Dorian does not serve ${what}.`, {
    status: "UNIMPLEMENTED",
    remedy,
  });
}
