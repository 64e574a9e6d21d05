import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What clients manage around their apps: versions, environments that change and go, tokens, use of secrets. */
export const deployments: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...appVersions, ...tokens, ...environments, ...secrets])
      await sql.raw(statement).execute(db);
  },
};

const appVersions = [
  `create table app_version (
    app_id text not null references app (app_id),
    version integer not null,
    staged integer not null,
    function_ids text not null,
    class_ids text not null,
    definition_ids text not null,
    tags text not null,
    deployed_at integer not null,
    deployed_by text not null,
    client_version text not null,
    deployment_tag text not null,
    rollback_version integer not null,
    commit_info blob,
    deployment_type integer not null,
    primary key (app_id, version)
  ) strict, without rowid`,
  `create table function_definition (
    definition_id text primary key,
    function_id text not null references function (function_id),
    definition blob not null
  ) strict`,
  `create index function_definition_function on function_definition (function_id)`,
];

const tokens = [
  `create table token (
    token_id text primary key,
    name text not null unique,
    secret_digest blob not null,
    created_at integer not null,
    expires_at integer
  ) strict`,
];

const environments = [
  `create table environment_with_scope (
    environment_id text primary key,
    name text unique,
    scope text not null unique,
    web_suffix text not null,
    image_builder_version text,
    created_at integer not null
  ) strict`,
  `insert into environment_with_scope
    select environment_id, name, name, case name when 'main' then '' else name end, null, created_at from environment`,
  `drop table environment`,
  `alter table environment_with_scope rename to environment`,
];

const secrets = [`alter table secret add column last_used_at integer`];
