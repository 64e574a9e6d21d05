import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Environments } from "../../access/environment/environments.ts";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import type { WebAddresses } from "../../dispatch/ports.ts";
import type { AppRegistry } from "../app/app-registry.ts";
import { contentOfVersion } from "../app/app-versions.ts";
import { appNotDeployed } from "./app-not-deployed.ts";
import type { References } from "./check-references.ts";
import { notPublished, type Catalog } from "./function-catalog.ts";
import { functionDataOf } from "./function-data.ts";
import { lookedUp } from "./function-lookup.ts";
import type { FunctionRegistry } from "./function-registry.ts";
import { pinned, type VariantSources } from "./function-variants.ts";
import { handleMetadata, type HandleSources } from "./handle-metadata.ts";

export interface FunctionLookupHandlerOptions {
  db: Database;
  apps: AppRegistry;
  functions: FunctionRegistry;
  environments: Environments;
  references: Pick<References, "images">;
  web: WebAddresses;
  catalog: Catalog;
  journal: Journal;
  nowMs: () => number;
}

/** Finds functions by name or id, and tells what is known of them. */
export function functionLookupHandlers(options: FunctionLookupHandlerOptions) {
  const { db, apps, functions, environments, references, web, catalog, journal, nowMs } = options;
  const sources: HandleSources = { apps, functions, web };
  const variants: VariantSources = { functions, images: references.images, catalog, journal, nowMs };
  return {
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
}
