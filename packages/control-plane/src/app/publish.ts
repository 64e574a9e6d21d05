import { AppError } from "@dorian/base/app-error";
import { AppState, type AppPublishRequest } from "@dorian/protocol/modal";
import type { Transaction } from "kysely";
import type { ClassRegistry } from "../class/class-registry.ts";
import type { Tables } from "../database/tables.ts";
import { checkObjectName } from "../environment/object-name.ts";
import { notPublished } from "../function/function-catalog.ts";
import type { FunctionChange, FunctionRecord } from "../function/function-record.ts";
import { updateFunction, type FunctionRegistry } from "../function/function-registry.ts";
import { sameContainers } from "../function/same-containers.ts";
import type { App } from "./app.ts";
import { saveApp } from "./app-registry.ts";

export interface Published {
  app: App;
  /** What changes of which function. */
  changes: Map<string, FunctionChange>;
  /** Functions that the app had or has, for those who follow changes. */
  affected: string[];
}

/**
 * Makes what a client has created the app that runs: all of it, or nothing.
 *
 * @throws AppError APP_NAME_TAKEN, FUNCTION_DEFINITION_SUPERSEDED, …
 */
export async function publish(
  trx: Transaction<Tables>,
  app: App,
  request: AppPublishRequest,
  options: { functions: FunctionRegistry; classes: ClassRegistry; now: number },
): Promise<Published> {
  const { functions, classes, now } = options;
  const functionIds = new Map(Object.entries(request.functionIds));
  const classIds = new Map(Object.entries(request.classIds));
  const changes = new Map<string, FunctionChange>();
  for (const [tag, functionId] of functionIds) {
    const record = functions.require(functionId);
    if (record.appId !== app.appId || record.tag !== tag || record.baseFunctionId !== undefined) {
      throw new AppError("FUNCTION_OF_OTHER_APP", `${functionId} is not the function "${tag}" of this app.`, {
        status: "INVALID_ARGUMENT",
        remedy: "Publish under the tags and with the ids that FunctionCreate was given.",
      });
    }
    const change = madeLive(record, request.definitionIds[functionId] ?? "");
    if (change) changes.set(functionId, change);
  }
  for (const classId of classIds.values()) classes.require(classId, app.appId);

  const isDeployed = request.appState === AppState.DEPLOYED;
  const name = isDeployed ? await deploymentName(trx, app, request.name) : app.name;
  const published: App = {
    ...app,
    name,
    state: isDeployed
      ? AppState.DEPLOYED
      : app.state === AppState.INITIALIZING
        ? AppState.EPHEMERAL
        : app.state,
    version: app.version + 1,
    functionIds,
    classIds,
    tags: { ...app.tags, ...request.tags },
    deployedAt: isDeployed ? now : app.deployedAt,
  };
  await saveApp(trx, published);
  for (const [functionId, change] of changes) await updateFunction(trx, functionId, change);
  const affected = new Set([...app.functionIds.values(), ...functionIds.values()]);
  return {
    app: published,
    changes,
    affected: [...affected].flatMap((functionId) => functions.withBound(functionId)),
  };
}

/** Undefined when what is asked for is live already. */
function madeLive(record: FunctionRecord, definitionId: string): FunctionChange | undefined {
  const isKnown =
    definitionId === "" || definitionId === record.pendingId || definitionId === record.definitionId;
  if (!isKnown) {
    throw new AppError(
      "FUNCTION_DEFINITION_SUPERSEDED",
      `Somebody else has redefined "${record.tag}" while this was being deployed.`,
      { status: "ABORTED", remedy: "Deploy again." },
    );
  }
  const live = record.pending;
  if (!live || (definitionId !== "" && definitionId === record.definitionId)) {
    if (record.definition) return undefined;
    throw notPublished(record);
  }
  return {
    definition: live,
    definitionId: record.pendingId,
    pending: undefined,
    pendingId: "",
    precreated: undefined,
    scheduling: undefined,
    revision: sameContainers(record.definition, live) ? record.revision : record.revision + 1,
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
    .where("environment", "=", app.environment)
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
