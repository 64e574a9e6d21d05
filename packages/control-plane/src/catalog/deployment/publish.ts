import { AppError } from "@dorian/base/app-error";
import { AppState } from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { Tables } from "../../schema/tables.ts";
import { checkObjectName } from "../../access/object-name.ts";
import type { FunctionChange, FunctionRecord } from "../function/function-record.ts";
import { updateFunction, type FunctionRegistry } from "../function/function-registry.ts";
import { sameContainers } from "../function/same-containers.ts";
import type { AppContent, IdentifiedDefinition } from "../app/app-content.ts";
import type { App } from "../app/app.ts";
import { saveApp } from "../app/app-registry.ts";
import { claimDomains } from "./claim-domains.ts";

export interface Published {
  app: App;
  /** What changes of which function. */
  changes: Map<string, FunctionChange>;
  /** Functions that the app had or has, for those who follow changes. */
  affected: string[];
}

export interface PublishOptions {
  functions: FunctionRegistry;
  nowMs: number;
  version: number;
  /** Under this name, or as the run that it is. */
  deployAs: string | undefined;
  /** Every function gets new containers, changed or not. */
  renew?: boolean;
}

/**
 * Makes a content what the app runs: all of it, or nothing.
 *
 * @throws AppError APP_NAME_TAKEN, APP_NAME_FIXED, NAME_INVALID, WEB_DOMAIN_TAKEN
 */
export async function publish(
  trx: Transaction<Tables>,
  app: App,
  content: AppContent,
  options: PublishOptions,
): Promise<Published> {
  const { functions, nowMs, version, deployAs } = options;
  const isDeployed = deployAs !== undefined;
  const published: App = {
    ...app,
    name: isDeployed ? await deploymentName(trx, app, deployAs) : app.name,
    state: isDeployed ? AppState.DEPLOYED : stateOfRun(app),
    version,
    functionIds: content.functionIds,
    classIds: content.classIds,
    objectIds: content.objectIds,
    tags: content.tags,
    deployedAtMs: isDeployed ? nowMs : app.deployedAtMs,
  };
  // A run has no domains.
  if (published.state === AppState.DEPLOYED) await claimDomains(trx, published, content, functions);
  await saveApp(trx, published);
  const changes = new Map<string, FunctionChange>();
  for (const [functionId, live] of content.definitions) {
    const change = madeLive(functions.require(functionId), live, options.renew ?? false);
    if (!change) continue;
    changes.set(functionId, change);
    await updateFunction(trx, functionId, change);
  }
  const affected = new Set([...app.functionIds.values(), ...content.functionIds.values()]);
  return {
    app: published,
    changes,
    affected: [...affected].flatMap((functionId) => functions.withBound(functionId)),
  };
}

function stateOfRun(app: App): AppState {
  return app.state === AppState.INITIALIZING ? AppState.EPHEMERAL : app.state;
}

/** Undefined when it is live already. */
function madeLive(
  record: FunctionRecord,
  { definition, definitionId }: IdentifiedDefinition,
  renew: boolean,
): FunctionChange | undefined {
  const isLive = record.definitionId === definitionId && record.definition !== undefined;
  if (isLive) return renew ? { revision: record.revision + 1 } : undefined;
  const goesOn = !renew && sameContainers(record.definition, definition);
  return {
    definition,
    definitionId,
    ...(record.pendingId === definitionId ? { pending: undefined, pendingId: "" } : {}),
    precreated: undefined,
    scheduling: undefined,
    revision: goesOn ? record.revision : record.revision + 1,
  };
}

async function deploymentName(trx: Transaction<Tables>, app: App, requested: string): Promise<string> {
  const name = requested || app.name || app.description;
  checkObjectName("an app", name);
  if (app.name !== undefined && app.name !== name) {
    throw new AppError(
      "APP_NAME_FIXED",
      `The app is deployed as "${app.name}" and cannot become "${name}".`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Deploy it as a new app under the new name, and stop the old one.",
      },
    );
  }
  const other = await trx
    .selectFrom("app")
    .select("app_id")
    .where("environment", "=", app.scope)
    .where("name", "=", name)
    .where("stopped_at", "is", null)
    .where("app_id", "!=", app.appId)
    .executeTakeFirst();
  if (!other) return name;
  throw new AppError("APP_NAME_TAKEN", `Somebody else has deployed an app named "${name}" meanwhile.`, {
    status: "ABORTED",
    remedy: "Deploy again: it then becomes a new version of that app.",
  });
}
