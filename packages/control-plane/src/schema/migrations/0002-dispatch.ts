import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { callTables } from "../rows/call-tables.ts";
import { logTables } from "../rows/log-table.ts";
import { taskTables } from "../rows/task-table.ts";

export const dispatch: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...callTables, ...taskTables, ...logTables])
      await sql.raw(statement).execute(db);
  },
};
