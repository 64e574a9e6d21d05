import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Containers stay restricted over a restart of the server, whatever their function becomes meanwhile. */
export const restrictedTasks: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql.raw(`alter table task add column untrusted integer not null default 0`).execute(db);
  },
};
