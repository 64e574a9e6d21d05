CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null, version text not null default '');
CREATE TABLE app (
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
  , object_ids text not null default '{}') strict;
CREATE UNIQUE INDEX app_name on app (environment, name) where name is not null and stopped_at is null;
CREATE TABLE function (
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
  ) strict;
CREATE INDEX function_app on function (app_id);
CREATE TABLE class (
    class_id text primary key,
    app_id text not null references app (app_id),
    created_at integer not null
  ) strict;
CREATE TABLE mount (
    mount_id text primary key,
    checksum text not null unique,
    layer_id text not null,
    files text not null,
    created_at integer not null,
    used_at integer not null
  ) strict;
CREATE TABLE blob (
    blob_id text primary key,
    sha256 text,
    size integer not null,
    created_at integer not null
  , created_by text not null default '', environment text) strict;
CREATE TABLE image (
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
  , contents text) strict;
CREATE UNIQUE INDEX image_cache on image (build_key) where cached = 1;
CREATE INDEX image_slot on image (slot, created_at);
CREATE TABLE image_log (
    image_id text not null,
    entry integer not null,
    log blob not null,
    primary key (image_id, entry)
  ) strict, without rowid;
CREATE TABLE secret (
    secret_id text primary key,
    environment text not null,
    name text,
    app_id text,
    keys text not null,
    sealed blob not null,
    fingerprint text not null,
    created_at integer not null
  , last_used_at integer) strict;
CREATE UNIQUE INDEX secret_name on secret (environment, name) where name is not null;
CREATE TABLE volume (
    volume_id text primary key,
    environment text not null,
    name text,
    ephemeral integer not null,
    created_at integer not null,
    created_by text not null,
    deleted_at integer
  , fs_version integer not null default 2, app_id text) strict;
CREATE UNIQUE INDEX volume_name on volume (environment, name) where name is not null;
CREATE TABLE volume_version (
    volume_id text not null references volume (volume_id),
    version integer not null,
    layer_id text not null,
    layer_ids text,
    author text not null,
    bytes integer not null,
    created_at integer not null,
    primary key (volume_id, version)
  ) strict, without rowid;
CREATE TABLE idempotency (
    key text primary key,
    response blob not null,
    created_at integer not null
  ) strict, without rowid;
CREATE TABLE function_call (
    call_id text primary key,
    function_id text not null,
    app_id text not null,
    call_type integer not null,
    invocation_type integer not null,
    parent_input_id text not null,
    idempotency_key text,
    created_at integer not null
  ) strict;
CREATE INDEX function_call_created on function_call (created_at);
CREATE TABLE call_input (
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
  , method text not null default '', deaths integer not null default 0, suspect integer not null default 0) strict;
CREATE UNIQUE INDEX call_input_place on call_input (call_id, idx);
CREATE INDEX call_input_open on call_input (call_id) where finished_at is null;
CREATE TABLE data_chunk (
    call_id text not null references function_call (call_id) on delete cascade,
    chunk_index integer not null,
    chunk blob not null,
    primary key (call_id, chunk_index)
  ) strict, without rowid;
CREATE TABLE task (
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
  , untrusted integer not null default 0) strict;
CREATE INDEX task_live on task (task_id) where finished_at is null;
CREATE INDEX task_finished on task (finished_at) where finished_at is not null;
CREATE TABLE named_object (
    object_id text primary key,
    kind text not null,
    environment text not null,
    name text,
    app_id text,
    created_at integer not null,
    created_by text not null
  ) strict;
CREATE UNIQUE INDEX named_object_name on named_object (kind, environment, name) where name is not null;
CREATE TABLE dict_entry (
    dict_id text not null,
    key blob not null,
    value blob not null
  ) strict;
CREATE UNIQUE INDEX dict_entry_key on dict_entry (dict_id, key);
CREATE TABLE queue_item (
    seq integer primary key,
    queue_id text not null,
    partition blob not null,
    expires_at integer not null,
    value blob not null
  ) strict;
CREATE TABLE recent_answer (
    answer_id integer primary key,
    key text not null,
    response blob not null
  ) strict;
CREATE INDEX function_call_parent on function_call (parent_input_id) where parent_input_id <> '';
CREATE TABLE app_version (
    app_id text not null references app (app_id),
    version integer not null,
    staged integer not null,
    function_ids text not null,
    class_ids text not null,
    definition_ids text not null,
    tags text not null,
    deployed_at integer not null,
    deployed_by text not null,
    client_version text not null,
    deployment_tag text not null,
    rollback_version integer not null,
    commit_info blob,
    deployment_type integer not null, object_ids text not null default '{}',
    primary key (app_id, version)
  ) strict, without rowid;
CREATE TABLE function_definition (
    definition_id text primary key,
    function_id text not null references function (function_id),
    definition blob not null
  ) strict;
CREATE INDEX function_definition_function on function_definition (function_id);
CREATE TABLE token (
    token_id text primary key,
    name text not null unique,
    secret_digest blob not null,
    created_at integer not null,
    expires_at integer
  , environment text, read_only integer not null default 0, created_by text not null default '', last_used_at integer) strict;
CREATE TABLE "environment" (
    environment_id text primary key,
    name text unique,
    scope text not null unique,
    web_suffix text not null,
    image_builder_version text,
    created_at integer not null
  ) strict;
CREATE TABLE mount_name (
  scope text not null,
  name text not null,
  mount_id text not null,
  made_by text not null,
  created_at integer not null,
  primary key (scope, name)
) strict;
CREATE TABLE schedule (
    function_id text primary key,
    schedule blob not null,
    anchor_at integer not null,
    next_at integer
  ) strict;
CREATE TABLE image_tag (
    revision_id text primary key,
    scope text not null,
    tag text not null,
    image_id text not null,
    published_by text not null,
    created_at integer not null
  ) strict;
CREATE TABLE web_address (
    label text primary key,
    app_id text not null,
    tag text not null,
    requested text not null,
    port integer unique,
    used_at integer not null
  ) strict;
CREATE UNIQUE INDEX web_address_function on web_address (app_id, tag);
CREATE TABLE proxy_token (
    token_id text primary key,
    name text not null,
    secret_digest blob not null,
    created_at integer not null,
    environments text
  , created_by text not null default '') strict;
CREATE TABLE audit_entry (
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
  ) strict;
CREATE INDEX audit_entry_at on audit_entry (at);
CREATE TABLE task_log (
    app_id text not null,
    entry integer not null,
    at integer not null,
    batch blob not null,
    primary key (app_id, entry)
  ) strict, without rowid;
CREATE INDEX task_log_at on task_log (app_id, at);
CREATE TABLE worker_log (
    worker_id text primary key,
    sequence integer not null,
    at integer not null
  ) strict, without rowid;
CREATE TABLE call_bytes (hour integer primary key, bytes integer not null) strict;
CREATE TABLE memory_snapshot (
          snapshot_key text not null primary key,
          function_id text not null,
          layer_id text not null,
          bytes integer not null,
          took_ms integer not null,
          failures integer not null,
          created_at integer not null,
          used_at integer not null
        );
CREATE INDEX memory_snapshot_function on memory_snapshot (function_id);
