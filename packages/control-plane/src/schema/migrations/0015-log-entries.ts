import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** Entries of logs are counted, and say apart from that when they came; what a worker sends again is known. */
export const logEntries: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `alter table task_log rename to task_log_by_clock`,
  `create table task_log (
    app_id text not null,
    entry integer not null,
    at integer not null,
    batch blob not null,
    primary key (app_id, entry)
  ) strict, without rowid`,
  // Numbers go on from the clock's: those that readers have stay good.
  `insert into task_log select app_id, entry, entry / 1000, batch from task_log_by_clock order by app_id, entry`,
  `drop table task_log_by_clock`,
  `create index task_log_at on task_log (app_id, at)`,
  `create table worker_log (
    worker_id text primary key,
    sequence integer not null,
    at integer not null
  ) strict, without rowid`,
];
