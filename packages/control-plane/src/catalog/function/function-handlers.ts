import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import {
  FunctionCreateResponseSchema,
  FunctionPrecreateResponseSchema,
  type Function as FunctionDefinition,
  type FunctionPrecreateRequest,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Transaction } from "kysely";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Tables } from "../../schema/tables.ts";
import type { WorkerOffer } from "../../dispatch/placement/placement.ts";
import type { WebAddresses } from "../../dispatch/ports.ts";
import { checkDefinition, checkAnnouncement, type References } from "./check-references.ts";
import { dropEmptyWebhook, normaliseDefinition } from "./definition.ts";
import { type Catalog } from "./function-catalog.ts";
import { checkCustomDomains } from "./check-custom-domains.ts";
import { customDomainInfo, hasDomains } from "./custom-domains.ts";
import { functionDataOf, withoutCode } from "./function-data.ts";
import { newFunctionRecord, type FunctionChange, type FunctionRecord } from "./function-record.ts";
import { roomWarnings } from "./room-warnings.ts";
import { ignoredOptions } from "./ignored-options.ts";
import { insertFunction, updateFunction, type FunctionRegistry } from "./function-registry.ts";
import { handleMetadata, type HandleSources } from "./handle-metadata.ts";
import { allocateAddresses, methodTag } from "./web-allocation.ts";

export interface FunctionHandlerOptions {
  apps: AppRegistry;
  functions: FunctionRegistry;
  references: References;
  web: WebAddresses;
  catalog: Catalog;
  idempotency: Idempotency;
  nowMs: () => number;
  /** What the workers of now have. */
  offers: () => readonly WorkerOffer[];
}

/** Makes functions: announced first, then created with all that they have, and live once their app is published. */
export function functionHandlers(options: FunctionHandlerOptions) {
  const { apps, functions, references, web, catalog, idempotency, nowMs, offers } = options;
  const sources: HandleSources = { apps, functions, web };

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
      checkCustomDomains(app, request, { apps, functions });
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
      checkCustomDomains(app, definition, { apps, functions });
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
  const methods = Object.entries(echo.methodDefinitions);
  for (const [name, method] of methods) {
    const tag = methodTag(record.tag, name, method);
    method.webUrl = (method.webhookConfig && sources.web.urlOf(record.appId, tag)) ?? "";
  }
  const app = sources.apps.get(record.appId);
  if (app && hasDomains(app))
    for (const each of [echo, ...methods.map(([, method]) => method)])
      each.customDomainInfo = customDomainInfo(each);
  return {
    functionId: record.functionId,
    // Clients of 0.62 print it.
    DeprecatedWebUrl: echo.webUrl,
    function: echo,
    functionData: functionDataOf(echo),
    handleMetadata: handleMetadata(sources, record, definition, definitionId),
  };
}
