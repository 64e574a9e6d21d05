import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const mountNames: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(statement).execute(db);
  },
};

const statement = `create table mount_name (
  scope text not null,
  name text not null,
  mount_id text not null,
  made_by text not null,
  created_at integer not null,
  primary key (scope, name)
) strict`;
