import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** What images hold, and names under which they are published. */
export const images: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `alter table image add column contents text`,
  `create table image_tag (
    revision_id text primary key,
    scope text not null,
    tag text not null,
    image_id text not null,
    published_by text not null,
    created_at integer not null
  ) strict`,
];
