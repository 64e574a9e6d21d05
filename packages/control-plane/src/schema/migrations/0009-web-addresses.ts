import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";
import { proxyTokenTables } from "../rows/proxy-token-table.ts";
import { webAddressTables } from "../rows/web-address-table.ts";

export const webAddresses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...webAddressTables, ...proxyTokenTables]) await sql.raw(statement).execute(db);
  },
};
