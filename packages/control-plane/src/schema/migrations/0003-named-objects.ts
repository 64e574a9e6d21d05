import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const namedObjects: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create table named_object (
    object_id text primary key,
    kind text not null,
    environment text not null,
    name text,
    app_id text,
    created_at integer not null,
    created_by text not null
  ) strict`,
  `create unique index named_object_name on named_object (kind, environment, name) where name is not null`,
  `create table dict_entry (
    dict_id text not null,
    key blob not null,
    value blob not null
  ) strict`,
  `create unique index dict_entry_key on dict_entry (dict_id, key)`,
  // Which items a partition holds is known in memory: an index would only make puts slower.
  `create table queue_item (
    seq integer primary key,
    queue_id text not null,
    partition blob not null,
    expires_at integer not null,
    value blob not null
  ) strict`,
  `create table recent_answer (
    answer_id integer primary key,
    key text not null,
    response blob not null
  ) strict`,
  `alter table volume add column fs_version integer not null default 2`,
  `alter table volume add column app_id text`,
];
