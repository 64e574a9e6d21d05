import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { appVersionTables } from "../rows/app-version-table.ts";
import { tokenTables } from "../rows/token-table.ts";

/** What clients manage around their apps: versions, environments that change and go, tokens, use of secrets. */
export const deployments: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...appVersionTables, ...tokenTables, ...environments, ...secrets])
      await sql.raw(statement).execute(db);
  },
};

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
