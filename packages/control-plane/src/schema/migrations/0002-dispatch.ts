import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const dispatch: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...calls, ...tasks, ...logs]) await sql.raw(statement).execute(db);
  },
};

const calls = [
  `create table function_call (
    call_id text primary key,
    function_id text not null,
    app_id text not null,
    call_type integer not null,
    invocation_type integer not null,
    parent_input_id text not null,
    idempotency_key text,
    created_at integer not null
  ) strict`,
  `create index function_call_created on function_call (created_at)`,
  `create table call_input (
    input_id text primary key,
    call_id text not null references function_call (call_id) on delete cascade,
    idx integer not null,
    request blob not null,
    state text not null,
    task_id text,
    attempt integer not null,
    user_retries integer not null,
    deliveries integer not null,
    retry_at integer,
    created_at integer not null,
    result blob,
    output_format integer not null,
    output_task_id text not null,
    output_started_at real not null,
    output_created_at real not null,
    output_cursor integer,
    finished_at integer
  ) strict`,
  `create unique index call_input_place on call_input (call_id, idx)`,
  `create index call_input_open on call_input (call_id) where finished_at is null`,
  `create table data_chunk (
    call_id text not null references function_call (call_id) on delete cascade,
    chunk_index integer not null,
    chunk blob not null,
    primary key (call_id, chunk_index)
  ) strict, without rowid`,
];

const tasks = [
  `create table task (
    task_id text primary key,
    function_id text not null,
    app_id text not null,
    tag text not null,
    image_id text not null,
    revision integer not null,
    is_builder integer not null,
    worker_id text,
    worker_name text not null,
    state text not null,
    milli_cpu integer not null,
    memory_mb integer not null,
    gpus text not null,
    enqueued_at integer not null,
    started_at integer,
    finished_at integer,
    timeline text not null,
    bytes_copied integer not null,
    result blob
  ) strict`,
  `create index task_live on task (task_id) where finished_at is null`,
  `create index task_finished on task (finished_at) where finished_at is not null`,
];

const logs = [
  `create table task_log (
    app_id text not null,
    entry integer not null,
    batch blob not null,
    primary key (app_id, entry)
  ) strict, without rowid`,
];
