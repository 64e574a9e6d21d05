import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** How much the calls of each hour fill. What was kept before is not counted: it goes by age alone. */
export const callBytes: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(`create table call_bytes (hour integer primary key, bytes integer not null) strict`)
      .execute(db);
  },
};
