import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** How many containers an input has outlived, and whether it runs alone, are known after a restart of the server too. */
export const inputDeaths: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const column of ["deaths", "suspect"])
      await sql.raw(`alter table call_input add column ${column} integer not null default 0`).execute(db);
  },
};
