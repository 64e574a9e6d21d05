import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Tokens that allow less and end, what came from which of them, and who did what. */
export const credentials: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `alter table token add column environment text`,
  `alter table token add column read_only integer not null default 0`,
  `alter table token add column created_by text not null default ''`,
  `alter table token add column last_used_at integer`,
  `alter table proxy_token add column created_by text not null default ''`,
  `alter table blob add column created_by text not null default ''`,
  `alter table blob add column environment text`,
  `create table audit_entry (
    entry_id integer primary key,
    at integer not null,
    action text not null,
    status text not null,
    actor_kind text not null,
    actor_id text not null,
    actor_name text not null,
    environment text,
    address text not null,
    client text not null,
    targets text not null,
    error text not null
  ) strict`,
  `create index audit_entry_at on audit_entry (at)`,
];
