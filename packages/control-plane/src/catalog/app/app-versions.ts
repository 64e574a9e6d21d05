import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import {
  CommitInfoSchema,
  FunctionSchema$,
  type Function as FunctionDefinition,
} from "@dorian/protocol/modal";
import { sql, type Transaction } from "kysely";
import type { Database } from "../../database/database.ts";
import type { Tables } from "../../schema/tables.ts";
import type { AppContent, IdentifiedDefinition } from "./app-content.ts";
import { deploymentFromRow, mapFrom } from "./app-rows.ts";
import type { Deployment } from "./deployment.ts";

/** Versions of an app that a rollback can go back to. Older ones stay on record without their definitions. */
const keptVersions = 20;

/** One may hold some megabytes. */
const definitionsAtOnce = 20;

export async function nextVersion(trx: Transaction<Tables>, appId: string, current: number): Promise<number> {
  const row = await trx
    .selectFrom("app_version")
    .select((select) => select.fn.max<number | null>("version").as("newest"))
    .where("app_id", "=", appId)
    .executeTakeFirst();
  return Math.max(current, row?.newest ?? 0) + 1;
}

export async function saveVersion(
  trx: Transaction<Tables>,
  appId: string,
  deployment: Deployment,
  content: AppContent,
): Promise<void> {
  const definitions = [...content.definitions];
  const definitionIds = definitions.map(([functionId, each]) => [functionId, each.definitionId]);
  for (const [functionId, { definitionId, definition }] of definitions) {
    await trx
      .insertInto("function_definition")
      .values({
        definition_id: definitionId,
        function_id: functionId,
        definition: toBinary(FunctionSchema$, definition),
      })
      .onConflict((conflict) => conflict.column("definition_id").doNothing())
      .execute();
  }
  await trx
    .insertInto("app_version")
    .values({
      app_id: appId,
      version: deployment.version,
      staged: deployment.staged ? 1 : 0,
      function_ids: JSON.stringify(Object.fromEntries(content.functionIds)),
      class_ids: JSON.stringify(Object.fromEntries(content.classIds)),
      object_ids: JSON.stringify(Object.fromEntries(content.objectIds)),
      definition_ids: JSON.stringify(Object.fromEntries(definitionIds)),
      tags: JSON.stringify(content.tags),
      deployed_at: deployment.deployedAtMs,
      deployed_by: deployment.deployedBy,
      client_version: deployment.clientVersion,
      deployment_tag: deployment.tag,
      rollback_version: deployment.rollbackVersion,
      commit_info: deployment.commitInfo ? toBinary(CommitInfoSchema, deployment.commitInfo) : null,
      deployment_type: deployment.type,
    })
    .execute();
  await forgetOldDefinitions(trx, appId, deployment.version - keptVersions);
}

/** Newest first, with whether its definitions are still there. */
export async function deploymentsOf(
  db: Database | Transaction<Tables>,
  appId: string,
): Promise<(Deployment & { kept: boolean })[]> {
  const rows = await db
    .selectFrom("app_version")
    .selectAll()
    .where("app_id", "=", appId)
    .orderBy("version", "desc")
    .execute();
  const newest = rows[0]?.version ?? 0;
  return rows.map((row) => ({ ...deploymentFromRow(row), kept: row.version > newest - keptVersions }));
}

/** @throws AppError APP_VERSION_NOT_FOUND, APP_VERSION_FORGOTTEN */
export async function contentOfVersion(
  db: Database | Transaction<Tables>,
  appId: string,
  version: number,
): Promise<AppContent & { deployment: Deployment }> {
  const row = await db
    .selectFrom("app_version")
    .selectAll()
    .where("app_id", "=", appId)
    .where("version", "=", version)
    .executeTakeFirst();
  if (!row) throw versionNotFound(`There is no version ${version} of this app.`);
  const definitionIds = JSON.parse(row.definition_ids) as Record<string, string>;
  const definitions = new Map<string, IdentifiedDefinition>();
  for (const [functionId, definitionId] of Object.entries(definitionIds)) {
    const kept = await db
      .selectFrom("function_definition")
      .select("definition")
      .where("definition_id", "=", definitionId)
      .executeTakeFirst();
    if (!kept) throw versionForgotten(version);
    definitions.set(functionId, { definitionId, definition: fromBinary(FunctionSchema$, kept.definition) });
  }
  return {
    functionIds: mapFrom(row.function_ids),
    classIds: mapFrom(row.class_ids),
    objectIds: mapFrom(row.object_ids),
    definitions,
    tags: JSON.parse(row.tags) as Record<string, string>,
    deployment: deploymentFromRow(row),
  };
}

/** Every definition that some version of an app still has, few of them in memory at a time: they hold serialised code. */
export async function* keptDefinitions(db: Database): AsyncGenerator<FunctionDefinition> {
  for (let last = ""; ;) {
    const rows = await db
      .selectFrom("function_definition")
      .select(["definition_id", "definition"])
      .where("definition_id", ">", last)
      .orderBy("definition_id")
      .limit(definitionsAtOnce)
      .execute();
    for (const row of rows) yield fromBinary(FunctionSchema$, row.definition);
    const end = rows.at(-1);
    if (!end) return;
    last = end.definition_id;
  }
}

/** Takes a version off the record, as if it had never been. */
export async function removeVersion(trx: Transaction<Tables>, appId: string, version: number): Promise<void> {
  await trx.deleteFrom("app_version").where("app_id", "=", appId).where("version", "=", version).execute();
}

export async function forgetAppVersions(trx: Transaction<Tables>, appId: string): Promise<void> {
  await forgetOldDefinitions(trx, appId, Number.MAX_SAFE_INTEGER);
  await trx.deleteFrom("app_version").where("app_id", "=", appId).execute();
}

export function versionForgotten(version: number): AppError {
  return new AppError(
    "APP_VERSION_FORGOTTEN",
    `What version ${version} of this app ran is not kept any more.`,
    { remedy: `The last ${keptVersions} versions are kept. Deploy the code of that version again.` },
  );
}

export function versionNotFound(message: string): AppError {
  return new AppError("APP_VERSION_NOT_FOUND", message, {
    status: "NOT_FOUND",
    remedy: "`dorian app history` lists the versions there are.",
  });
}

/** Removes definitions that only versions up to this one have. */
async function forgetOldDefinitions(trx: Transaction<Tables>, appId: string, upTo: number): Promise<void> {
  if (upTo < 1) return;
  await sql`delete from function_definition
    where function_id in (select function_id from function where app_id = ${appId})
    and definition_id not in (
      select kept.value from app_version, json_each(app_version.definition_ids) as kept
      where app_version.app_id = ${appId} and app_version.version > ${upTo}
    )`.execute(trx);
}
