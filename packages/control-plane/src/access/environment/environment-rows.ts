import type { Insertable, Selectable } from "kysely";
import type { EnvironmentRow } from "../../schema/rows/environment.ts";
import type { Environment } from "./environment.ts";

export function environmentFromRow(row: Selectable<EnvironmentRow> & { name: string }): Environment {
  return {
    environmentId: row.environment_id,
    name: row.name,
    scope: row.scope,
    webSuffix: row.web_suffix,
    imageBuilderVersion: row.image_builder_version ?? undefined,
    createdAtMs: row.created_at,
  };
}

export function rowOfEnvironment(environment: Environment): Insertable<EnvironmentRow> {
  return {
    environment_id: environment.environmentId,
    name: environment.name,
    scope: environment.scope,
    web_suffix: environment.webSuffix,
    image_builder_version: environment.imageBuilderVersion ?? null,
    created_at: environment.createdAtMs,
  };
}
