import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { scheduleTables } from "../rows/schedule-table.ts";

export const schedules: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of scheduleTables) await sql.raw(statement).execute(db);
  },
};
