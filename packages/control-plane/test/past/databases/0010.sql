-- 1796032234117
CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
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
  ) strict;
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
  , method text not null default '') strict;
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
  ) strict;
CREATE INDEX task_live on task (task_id) where finished_at is null;
CREATE INDEX task_finished on task (finished_at) where finished_at is not null;
CREATE TABLE task_log (
    app_id text not null,
    entry integer not null,
    batch blob not null,
    primary key (app_id, entry)
  ) strict, without rowid;
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
    deployment_type integer not null,
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:50:32.568Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:50:32.573Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:50:32.584Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:50:32.589Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:50:32.603Z');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T09:50:32.604Z');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T09:50:32.605Z');
insert into "kysely_migration" values ('0008-images', '2026-11-30T09:50:32.609Z');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T09:50:32.610Z');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T09:50:32.618Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-bW9ZnPs6ktNJLf1623gyL2","nightly":"fu-2hiqV2LpFi3aMOjdXpNuI1","page":"fu-qYA6FhpKVY9gEJJKqVWhTn","Model.*":"fu-NtgBIOCaxP1KWupY5TFuZw"}', '{"Model":"cs-r2X6kRtw0e94EPDpoSFVKH"}', '{}', 1796032233620, 1796032233863, null, '');
insert into "function" values ('fu-bW9ZnPs6ktNJLf1623gyL2', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d654a4c47474b6d5a705941685a47466f7148623166482219696d2d324734346b5578786a6d7432485973596a55314936354002521973742d714e6c6341454a4a59386375387838634b564e484654a801ac028a02210a19766f2d7a75457662716c734e7a56504b4666344e395254556812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-rUKfZphmABZdD3EuG12R1N', null, '', 1, null, 1796032233634);
insert into "function" values ('fu-2hiqV2LpFi3aMOjdXpNuI1', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-GdVCEJvt9JS4b4G4toEUvj', null, '', 1, null, 1796032233740);
insert into "function" values ('fu-qYA6FhpKVY9gEJJKqVWhTn', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 'page', null, x'', null, 0, null, x'1204706167652219696d2d324734346b5578786a6d7432485973596a553149363540027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-7oW8NDVUxsBQejHRECRmyZ', null, '', 1, null, 1796032233779);
insert into "function" values ('fu-NtgBIOCaxP1KWupY5TFuZw', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-7urftlYCZcqhlFrnXAeQlF', null, '', 1, null, 1796032233818);
insert into "class" values ('cs-r2X6kRtw0e94EPDpoSFVKH', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032233847);
insert into "mount" values ('mo-eJLGGKmZpYAhZGFoqHb1fH', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-I8UT44oyNeeM6ZOn4AiwAg', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032233580, 1796032233580);
insert into "blob" values ('bl-DzPbcRcOE4hcqM4w4dY3Ny', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032233054, 'ak-dkFTHXtHWWBs9NQSYyqp-g', null);
insert into "image" values ('im-2G44kUxxjmt2HYsYjU1I65', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-uqkcRZr18zMV3B0RQQexzM"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 154, 1796032233297, 1796032233451, '{"packages":{}}');
insert into "image_log" values ('im-2G44kUxxjmt2HYsYjU1I65', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-qNlcAEJJY8cu8x8cKVNHFT', 'main', 'hub', null, '["HF_TOKEN"]', x'5e25bc33cd630a9a1e9ccc65930aef7ee0064814c2ea0f38d4ae9f9f5da1eb7f49657e374b5da0e1a7898e2f358cdd', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032232934, 1796032233930);
insert into "volume" values ('vo-zuEvbqlsNzVPKFf4N9RTUh', 'main', 'weights', 0, 1796032232957, 'client', null, 1, null);
insert into "volume_version" values ('vo-zuEvbqlsNzVPKFf4N9RTUh', 0, '', '[]', 'client', 0, 1796032232958);
insert into "volume_version" values ('vo-zuEvbqlsNzVPKFf4N9RTUh', 1, 'ly-abviRyWTa9kYNn0zxIdjQI', '["ly-abviRyWTa9kYNn0zxIdjQI"]', 'worker', 1, 1796032232979);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/AppCreate/app-1', x'0a1961702d747441723056576f474649754a71704f71465755514f', 1796032233631);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/AppPublish/2541055e-a5b5-4853-9f96-cd4f42ea3e8c', x'21643b77ba51c3da41', 1796032233880);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/ClassCreate/9dc9b03f-fbb4-456a-96e5-ac6b16e3d71f', x'0a1963732d723258366b52747730653934455044706f5346564b481200', 1796032233851);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/DictGetOrCreate/fdaaea0d-81fc-4273-96e2-15f9abcfade1', x'0a1964692d385a306770683948494344627632523732743636424f121a0a057374617465121109508d3fba51c3da411206636c69656e74', 1796032232994);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionCreate/5f0d258e-2d73-4c2a-aec8-cfb86e8b5d0b', x'0a1966752d6257395a6e5073366b744e4a4c663136323367794c3222ad011206646f75626c651a196d6f2d654a4c47474b6d5a705941685a47466f7148623166482219696d2d324734346b5578786a6d7432485973596a55314936354002521973742d714e6c6341454a4a59386375387838634b564e484654a801ac028a02210a19766f2d7a75457662716c734e7a56504b4666344e395254556812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d6257395a6e5073366b744e4a4c663136323367794c32d2021964652d72554b665a70686d41425a644433457547313252314e920301049a030104a2031961702d747441723056576f474649754a71704f71465755514f3ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d654a4c47474b6d5a705941685a47466f7148623166482219696d2d324734346b5578786a6d7432485973596a55314936354002521973742d714e6c6341454a4a59386375387838634b564e484654a801ac028a02210a19766f2d7a75457662716c734e7a56504b4666344e395254556812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032233726);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionCreate/738f5788-c5f2-4287-a57b-7202af900f0d', x'0a1966752d3268697156324c70466933614d4f6a6458704e754931225c12076e696768746c792219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d3268697156324c70466933614d4f6a6458704e754931d2021964652d47645643454a7674394a533462344734746f4555766a920301049a030104a2031961702d747441723056576f474649754a71704f71465755514f3a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032233770);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionCreate/75d77261-b7be-4c3b-94f2-358716de8747', x'0a1966752d715941364668704b56593967454a4a4b71565768546e1216687474703a2f2f3132372e302e302e313a333334363522711204706167652219696d2d324734346b5578786a6d7432485973596a553149363540027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3333343635fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3333343635c2021966752d715941364668704b56593967454a4a4b71565768546ed2021964652d376f57384e44565578734251656a48524543526d795a920301049a030104a2031961702d747441723056576f474649754a71704f71465755514f3ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a33333436355a070802120347455492017312711204706167652219696d2d324734346b5578786a6d7432485973596a553149363540027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3333343635fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032233816);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionCreate/80dff1d5-247d-4e75-8009-10761271d46c', x'0a1966752d4e746742494f43617850314b57757059355446755a77225812074d6f64656c2e2a2219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d4e746742494f43617850314b57757059355446755a77d2021964652d37757266746c59435a6371686c46726e584165516c46920301049a030104a2031961702d747441723056576f474649754a71704f71465755514f3a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032233844);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionPrecreate/6e1ef9e5-6fff-4665-bd8d-aac8e1156abe', x'0a1966752d715941364668704b56593967454a4a4b71565768546e123e120470616765c2021966752d715941364668704b56593967454a4a4b71565768546ea2031961702d747441723056576f474649754a71704f71465755514f', 1796032233784);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionPrecreate/7c5f6193-cac3-4f36-ba5b-39f431a0c5f6', x'0a1966752d3268697156324c70466933614d4f6a6458704e754931124112076e696768746c79c2021966752d3268697156324c70466933614d4f6a6458704e754931a2031961702d747441723056576f474649754a71704f71465755514f', 1796032233746);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionPrecreate/9706d14f-e27b-42a8-bc55-2b3fcce77371', x'0a1966752d4e746742494f43617850314b57757059355446755a77124112074d6f64656c2e2ac2021966752d4e746742494f43617850314b57757059355446755a77a2031961702d747441723056576f474649754a71704f71465755514f', 1796032233823);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/FunctionPrecreate/f7828ac1-273c-404e-b1fe-5f9f34ea775a', x'0a1966752d6257395a6e5073366b744e4a4c663136323367794c3212401206646f75626c65c2021966752d6257395a6e5073366b744e4a4c663136323367794c32a2031961702d747441723056576f474649754a71704f71465755514f', 1796032233652);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/MountGetOrCreate/197728b7-09b1-4863-9018-69efe16462a8', x'0a196d6f2d654a4c47474b6d5a705941685a47466f71486231664812420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032233610);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/QueueGetOrCreate/6f347f76-0ac6-4361-b909-12df40560985', x'0a1971752d4441326d75524231575167516e5a6f6a75327638354712190a046a6f6273121109fca941ba51c3da411206636c69656e74', 1796032233035);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/SecretGetOrCreate/cda4788c-857e-4192-af9e-43eb5319ce2f', x'0a1973742d714e6c6341454a4a59386375387838634b564e48465412280a03687562121109a8c63bba51c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032232940);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/VolumeGetOrCreate/634b9ee8-e733-418a-8919-7a3e21731531', x'0a19766f2d7a75457662716c734e7a56504b4666344e395254556810011a1e08011207776569676874731a11097d3f3dba51c3da411206636c69656e74', 1796032232958);
insert into "idempotency" values ('ak-dkFTHXtHWWBs9NQSYyqp-g/WebhookTokenCreate/4fe46a47-5b0e-49c9-b52b-af3cbc260b63', x'0a19776b2d7570707366416c6941525638436f313163614644316f122e77732d7770416334323742544a30444133735a764f78634e4e534258617979463033525f43567447357066383838', 1796032232918);
insert into "function_call" values ('fc-9dCjvirPkne5fjp7sQNFvi', 'fu-bW9ZnPs6ktNJLf1623gyL2', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 1, 4, '', 'ak-dkFTHXtHWWBs9NQSYyqp-g/baed7ce3-08f5-4a42-9364-4de0c95be8d9', 1796032233910);
insert into "function_call" values ('fc-FU6Kwxs9wPgDh3KDEGwfH1', 'fu-bW9ZnPs6ktNJLf1623gyL2', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 1, 4, '', 'ak-dkFTHXtHWWBs9NQSYyqp-g/4758e83b-554a-46bd-832f-7595fd1e6fa3', 1796032234018);
insert into "call_input" values ('in-Am48xdWWKQh4GWmCzz7GIq', 'fc-9dCjvirPkne5fjp7sQNFvi', 0, x'0a06828115b900005004', 'finished', null, 0, 0, 1, null, 1796032233910, x'08012a02182a', 4, 'ta-T0ILVy8fHAjm6AXGwOzuGe', 1796032233.978, 1796032233.997, 1796032233997000, 1796032233997, '');
insert into "call_input" values ('in-RbjrciFH5Qvm3wGGzivg7E', 'fc-FU6Kwxs9wPgDh3KDEGwfH1', 0, x'0a06828104b900005004', 'pending', null, 0, 0, 0, null, 1796032234019, null, 0, '', 0, 0, null, null, '');
insert into "data_chunk" values ('fc-9dCjvirPkne5fjp7sQNFvi', 1, x'120232302001');
insert into "data_chunk" values ('fc-9dCjvirPkne5fjp7sQNFvi', 2, x'120232312002');
insert into "task" values ('ta-T0ILVy8fHAjm6AXGwOzuGe', 'fu-bW9ZnPs6ktNJLf1623gyL2', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 'double', 'im-2G44kUxxjmt2HYsYjU1I65', 1, 0, 'wo-d0HXpiMDeY8S78JlAGGzco', 'box', 'exited', 125, 128, '[]', 1796032233910, 1796032233965, 1796032234004, '[{"name":"queue","startedAtMs":1796032233910,"endedAtMs":1796032233911},{"name":"place","startedAtMs":1796032233911,"endedAtMs":1796032233956},{"name":"image","startedAtMs":1796032233956,"endedAtMs":1796032233965.9998},{"name":"mount","startedAtMs":1796032233965.9998,"endedAtMs":1796032233966.9998},{"name":"boot","startedAtMs":1796032233966.9998,"endedAtMs":1796032233966.9998},{"name":"enter","startedAtMs":1796032233966.9998,"endedAtMs":1796032233968},{"name":"first call","startedAtMs":1796032233968,"endedAtMs":1796032233997}]', 20, null);
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032233912001, x'0a1974612d5430494c5679386648416a6d36415847774f7a754765124c300239355e7aba51c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d5430494c5679386648416a6d36415847774f7a7547657206646f75626c652a12313739363033323233333931323030312d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032233965000, x'0a1974612d5430494c5679386648416a6d36415847774f7a75476512553007398fc27dba51c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d5430494c5679386648416a6d36415847774f7a7547657206646f75626c652a12313739363033323233333936353030302d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032233970000, x'0a1974612d5430494c5679386648416a6d36415847774f7a75476512393004397b147eba51c3da414a091801220572656164796a1974612d5430494c5679386648416a6d36415847774f7a7547657206646f75626c652a12313739363033323233333937303030302d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032233977000, x'0a1974612d5430494c5679386648416a6d36415847774f7a754765124a3004392b877eba51c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d5430494c5679386648416a6d36415847774f7a7547657206646f75626c652a12313739363033323233333937373030302d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032233999000, x'0a1974612d5430494c5679386648416a6d36415847774f7a754765120d0a09646f75626c696e670a40012a12313739363033323233333939393030302d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032234004000, x'0a1974612d5430494c5679386648416a6d36415847774f7a7547651255300539894180ba51c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d5430494c5679386648416a6d36415847774f7a7547657206646f75626c652a12313739363033323233343030343030302d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032234020000, x'0a1974612d42357930644e72687637506d4d784858586b74663972126a300139ae4781ba51c3da414a3a180122366e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d42357930644e72687637506d4d784858586b746639727206646f75626c652a12313739363033323233343032303030302d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "task_log" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1796032234020001, x'0a1974612d42357930644e72687637506d4d784858586b74663972125a0a4d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a39ae4781ba51c3da4140032a12313739363033323233343032303030312d305a1966752d6257395a6e5073366b744e4a4c663136323367794c32');
insert into "named_object" values ('di-8Z0gph9HICDbv2R72t66BO', 'dict', 'main', 'state', null, 1796032232993, 'client');
insert into "named_object" values ('qu-DA2muRB1WQgQnZoju2v85G', 'queue', 'main', 'jobs', null, 1796032233026, 'client');
insert into "dict_entry" values ('di-8Z0gph9HICDbv2R72t66BO', x'6b', x'76');
insert into "queue_item" values (1796032233042000, 'qu-DA2muRB1WQgQnZoju2v85G', x'', 1796118633042, x'31');
insert into "queue_item" values (1796032233042001, 'qu-DA2muRB1WQgQnZoju2v85G', x'', 1796118633042, x'32');
insert into "recent_answer" values (1796032233019000, 'ak-dkFTHXtHWWBs9NQSYyqp-g/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032233042000, 'ak-dkFTHXtHWWBs9NQSYyqp-g/QueuePut/3fc35727-9caf-408e-92d7-fb2fd9150609', x'');
insert into "app_version" values ('ap-ttAr0VWoGFIuJqpOqFWUQO', 1, 0, '{"double":"fu-bW9ZnPs6ktNJLf1623gyL2","nightly":"fu-2hiqV2LpFi3aMOjdXpNuI1","page":"fu-qYA6FhpKVY9gEJJKqVWhTn","Model.*":"fu-NtgBIOCaxP1KWupY5TFuZw"}', '{"Model":"cs-r2X6kRtw0e94EPDpoSFVKH"}', '{"fu-bW9ZnPs6ktNJLf1623gyL2":"de-rUKfZphmABZdD3EuG12R1N","fu-2hiqV2LpFi3aMOjdXpNuI1":"de-GdVCEJvt9JS4b4G4toEUvj","fu-qYA6FhpKVY9gEJJKqVWhTn":"de-7oW8NDVUxsBQejHRECRmyZ","fu-NtgBIOCaxP1KWupY5TFuZw":"de-7urftlYCZcqhlFrnXAeQlF"}', '{}', 1796032233873, 'client', '', '', 0, null, 1);
insert into "function_definition" values ('de-rUKfZphmABZdD3EuG12R1N', 'fu-bW9ZnPs6ktNJLf1623gyL2', x'1206646f75626c651a196d6f2d654a4c47474b6d5a705941685a47466f7148623166482219696d2d324734346b5578786a6d7432485973596a55314936354002521973742d714e6c6341454a4a59386375387838634b564e484654a801ac028a02210a19766f2d7a75457662716c734e7a56504b4666344e395254556812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-GdVCEJvt9JS4b4G4toEUvj', 'fu-2hiqV2LpFi3aMOjdXpNuI1', x'12076e696768746c792219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-7oW8NDVUxsBQejHRECRmyZ', 'fu-qYA6FhpKVY9gEJJKqVWhTn', x'1204706167652219696d2d324734346b5578786a6d7432485973596a553149363540027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-7urftlYCZcqhlFrnXAeQlF', 'fu-NtgBIOCaxP1KWupY5TFuZw', x'12074d6f64656c2e2a2219696d2d324734346b5578786a6d7432485973596a55314936354002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-nRpb_uNlxnVFMZ0LFPAj7A', 'laptop', x'824a4338f91b28451d6005ca017da8ccf658e0bbb4c6d6445bed2d0ddc2cd32e', 1796032232899, null, null, 0, 'ak-dkFTHXtHWWBs9NQSYyqp-g', null);
insert into "environment" values ('en-xKKs9WTldNZwU031bfx7mx', 'main', 'main', '', null, 1796032232682);
insert into "environment" values ('en-FlAxkm5HlkFMyNkevEH9Iq', 'staging', 'staging', 'staging', null, 1796032232881);
insert into "mount_name" values ('main', 'code', 'mo-eJLGGKmZpYAhZGFoqHb1fH', 'client', 1796032233610);
insert into "schedule" values ('fu-2hiqV2LpFi3aMOjdXpNuI1', x'12022001', 1796032233895, 1796118633895);
insert into "image_tag" values ('ir-U8I8NdpIvR8326OZN6TBMP', 'main', 'base:latest', 'im-2G44kUxxjmt2HYsYjU1I65', 'client', 1796032233479);
insert into "web_address" values ('trainer-page', 'ap-ttAr0VWoGFIuJqpOqFWUQO', 'page', '', 33465, 1796032233811);
insert into "proxy_token" values ('wk-uppsfAliARV8Co11caFD1o', 'web', x'74830c35a9b61f4ecf79623659a42f3a3af890cd2486978d4313263ba2d16740', 1796032232912, null, 'ak-dkFTHXtHWWBs9NQSYyqp-g');
