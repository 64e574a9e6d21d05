import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const calls: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `alter table call_input add column method text not null default ''`,
  `create index function_call_parent on function_call (parent_input_id) where parent_input_id <> ''`,
];
