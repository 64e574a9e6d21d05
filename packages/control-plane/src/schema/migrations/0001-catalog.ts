import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const catalog: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
};

const statements = [
  `create table environment (
    environment_id text primary key,
    name text not null unique,
    created_at integer not null
  ) strict`,
  `create table app (
    app_id text primary key,
    environment text not null,
    name text,
    description text not null,
    state integer not null,
    version integer not null,
    function_ids text not null,
    class_ids text not null,
    tags text not null,
    created_at integer not null,
    deployed_at integer,
    stopped_at integer,
    stop_reason text not null
  ) strict`,
  `create unique index app_name on app (environment, name) where name is not null and stopped_at is null`,
  `create table function (
    function_id text primary key,
    app_id text not null references app (app_id),
    tag text not null,
    base_function_id text references function (function_id),
    serialized_params blob,
    options blob,
    is_builder integer not null,
    precreated blob,
    definition blob,
    definition_id text not null,
    pending blob,
    pending_id text not null,
    revision integer not null,
    scheduling blob,
    created_at integer not null
  ) strict`,
  `create index function_app on function (app_id)`,
  `create table class (
    class_id text primary key,
    app_id text not null references app (app_id),
    created_at integer not null
  ) strict`,
  `create table mount (
    mount_id text primary key,
    checksum text not null unique,
    layer_id text not null,
    files text not null,
    created_at integer not null,
    used_at integer not null
  ) strict`,
  `create table blob (
    blob_id text primary key,
    sha256 text,
    size integer not null,
    created_at integer not null
  ) strict`,
  `create table image (
    image_id text primary key,
    build_key text not null,
    cached integer not null,
    state text not null,
    slot text not null,
    components text not null,
    base_image_id text,
    layer_ids text not null,
    config blob not null,
    result blob,
    description text not null,
    bytes integer not null,
    build_ms integer not null,
    created_at integer not null,
    used_at integer not null
  ) strict`,
  `create unique index image_cache on image (build_key) where cached = 1`,
  `create index image_slot on image (slot, created_at)`,
  `create table image_log (
    image_id text not null,
    entry integer not null,
    log blob not null,
    primary key (image_id, entry)
  ) strict, without rowid`,
  `create table secret (
    secret_id text primary key,
    environment text not null,
    name text,
    app_id text,
    keys text not null,
    sealed blob not null,
    fingerprint text not null,
    created_at integer not null
  ) strict`,
  `create unique index secret_name on secret (environment, name) where name is not null`,
  `create table volume (
    volume_id text primary key,
    environment text not null,
    name text,
    ephemeral integer not null,
    created_at integer not null,
    created_by text not null,
    deleted_at integer
  ) strict`,
  `create unique index volume_name on volume (environment, name) where name is not null`,
  `create table volume_version (
    volume_id text not null references volume (volume_id),
    version integer not null,
    layer_id text not null,
    layer_ids text,
    author text not null,
    bytes integer not null,
    created_at integer not null,
    primary key (volume_id, version)
  ) strict, without rowid`,
  `create table idempotency (
    key text primary key,
    response blob not null,
    created_at integer not null
  ) strict, without rowid`,
];
