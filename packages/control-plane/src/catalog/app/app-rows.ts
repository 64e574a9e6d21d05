import { fromBinary } from "@bufbuild/protobuf";
import { CommitInfoSchema, type AppState, type DeploymentType } from "@dorian/protocol/modal";
import type { Insertable, Selectable } from "kysely";
import type { AppVersionRow } from "../../schema/rows/app-version.ts";
import type { AppRow } from "../../schema/rows/app.ts";
import type { App } from "./app.ts";
import type { Deployment } from "./deployment.ts";

export function appFromRow(row: Selectable<AppRow>): App {
  return {
    appId: row.app_id,
    scope: row.environment,
    name: row.name ?? undefined,
    description: row.description,
    state: row.state as AppState,
    version: row.version,
    functionIds: mapFrom(row.function_ids),
    classIds: mapFrom(row.class_ids),
    objectIds: mapFrom(row.object_ids),
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdAtMs: row.created_at,
    deployedAtMs: row.deployed_at ?? undefined,
    stoppedAtMs: row.stopped_at ?? undefined,
    stopReason: row.stop_reason,
  };
}

export function rowOfApp(app: App): Insertable<AppRow> {
  return {
    app_id: app.appId,
    environment: app.scope,
    name: app.name ?? null,
    description: app.description,
    state: app.state,
    version: app.version,
    function_ids: JSON.stringify(Object.fromEntries(app.functionIds)),
    class_ids: JSON.stringify(Object.fromEntries(app.classIds)),
    object_ids: JSON.stringify(Object.fromEntries(app.objectIds)),
    tags: JSON.stringify(app.tags),
    created_at: app.createdAtMs,
    deployed_at: app.deployedAtMs ?? null,
    stopped_at: app.stoppedAtMs ?? null,
    stop_reason: app.stopReason,
  };
}

export function deploymentFromRow(row: Selectable<AppVersionRow>): Deployment {
  return {
    version: row.version,
    staged: row.staged === 1,
    deployedAtMs: row.deployed_at,
    deployedBy: row.deployed_by,
    clientVersion: row.client_version,
    tag: row.deployment_tag,
    rollbackVersion: row.rollback_version,
    commitInfo: row.commit_info ? fromBinary(CommitInfoSchema, row.commit_info) : undefined,
    type: row.deployment_type as DeploymentType,
  };
}

/** A JSON object of strings, as a map. */
export function mapFrom(json: string): Map<string, string> {
  return new Map(Object.entries(JSON.parse(json) as Record<string, string>));
}
