import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Memory of containers, written where their `@enter` hooks were through, that others are brought back from. */
export const memorySnapshots: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await sql
      .raw(
        `create table memory_snapshot (
          snapshot_key text not null primary key,
          function_id text not null,
          layer_id text not null,
          bytes integer not null,
          took_ms integer not null,
          failures integer not null,
          created_at integer not null,
          used_at integer not null
        )`,
      )
      .execute(db);
    await sql.raw(`create index memory_snapshot_function on memory_snapshot (function_id)`).execute(db);
  },
};
