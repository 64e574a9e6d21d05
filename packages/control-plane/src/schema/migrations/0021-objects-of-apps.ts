import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** An app has objects beside functions and classes: those that clients before 0.64 assign to it. */
export const objectsOfApps: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const table of ["app", "app_version"])
      await sql.raw(`alter table ${table} add column object_ids text not null default '{}'`).execute(db);
  },
};
