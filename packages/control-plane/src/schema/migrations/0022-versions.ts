import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Which version of Dorian ran each migration: a server that is too old for a database can say which one it needs. */
export const versions: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(`alter table kysely_migration add column version text not null default ''`).execute(db);
  },
};
