-- 1796032242448
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
  , untrusted integer not null default 0) strict;
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:50:41.053Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:50:41.084Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:50:41.114Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:50:41.130Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:50:41.164Z');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T09:50:41.165Z');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T09:50:41.190Z');
insert into "kysely_migration" values ('0008-images', '2026-11-30T09:50:41.202Z');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T09:50:41.208Z');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T09:50:41.222Z');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T09:50:41.248Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-R4AZ132fIC0451XZjgvbeE', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-YPs6yopQCZ3bGXHd6qRtzN","nightly":"fu-zW8BPWwlDawY7po3Z7F7Aa","page":"fu-Ewo0Uya9g4RJ32U74mfhBU","Model.*":"fu-sxKAgsRGUZrwuXRD9ZfpKH"}', '{"Model":"cs-KaZYFs9J8WNaObozP4y47T"}', '{}', 1796032241708, 1796032242026, null, '');
insert into "function" values ('fu-YPs6yopQCZ3bGXHd6qRtzN', 'ap-R4AZ132fIC0451XZjgvbeE', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d676c4b74336d7772684950546b51493438745743356a2219696d2d5a434b68576e714e31784830305a63616631733753584002521973742d49415250474e4e68636175556f32364546636e755a61a801ac028a02210a19766f2d777730616c4d6a6459636472526b745742684f4c337812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-BcoY2WsrNQEMEacNOT7V87', null, '', 1, null, 1796032241710);
insert into "function" values ('fu-zW8BPWwlDawY7po3Z7F7Aa', 'ap-R4AZ132fIC0451XZjgvbeE', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-MhRGyOyXgVk7c3d06XeFu5', null, '', 1, null, 1796032241730);
insert into "function" values ('fu-Ewo0Uya9g4RJ32U74mfhBU', 'ap-R4AZ132fIC0451XZjgvbeE', 'page', null, x'', null, 0, null, x'1204706167652219696d2d5a434b68576e714e31784830305a636166317337535840027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-wrdUxNK9CKnDuq9RwtxOaU', null, '', 1, null, 1796032241771);
insert into "function" values ('fu-sxKAgsRGUZrwuXRD9ZfpKH', 'ap-R4AZ132fIC0451XZjgvbeE', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-MTpgo05z7lsdHVfL6706DK', null, '', 1, null, 1796032241920);
insert into "class" values ('cs-KaZYFs9J8WNaObozP4y47T', 'ap-R4AZ132fIC0451XZjgvbeE', 1796032241964);
insert into "mount" values ('mo-glKt3mwrhIPTkQI48tWC5j', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-quDJ5cCQXrL05C0pD15d13', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032241705, 1796032241705);
insert into "blob" values ('bl-lTl2GBt5CzwQOWo7XlrAdu', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032241439, 'ak-uK1LKzsYWU7Np8x4Evplhg', null);
insert into "image" values ('im-ZCKhWnqN1xH00Zcaf1s7SX', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-Bb49sJ2ml85VgBnaALoerE"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 121, 1796032241574, 1796032241696, '{"packages":{}}');
insert into "image_log" values ('im-ZCKhWnqN1xH00Zcaf1s7SX', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-IARPGNNhcauUo26EFcnuZa', 'main', 'hub', null, '["HF_TOKEN"]', x'fc9147d16a9a886ef25afd3e3cd802e00c8709ed812d226eadc5f1c7fc06cebfb546bcb94deaf8651a1a638a705760', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032241409, 1796032242266);
insert into "volume" values ('vo-ww0alMjdYcdrRktWBhOL3x', 'main', 'weights', 0, 1796032241429, 'client', null, 1, null);
insert into "volume_version" values ('vo-ww0alMjdYcdrRktWBhOL3x', 0, '', '[]', 'client', 0, 1796032241429);
insert into "volume_version" values ('vo-ww0alMjdYcdrRktWBhOL3x', 1, 'ly-3Ks320tGGAGNrxm2I1nV2v', '["ly-3Ks320tGGAGNrxm2I1nV2v"]', 'worker', 1, 1796032241433);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/AppCreate/app-1', x'0a1961702d5234415a31333266494330343531585a6a6776626545', 1796032241709);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/AppPublish/25289c30-2970-4fe2-863a-101352500477', x'21fca981bc51c3da41', 1796032242058);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/ClassCreate/f4ed18d8-e2c8-4d7e-a07f-6666cde55b55', x'0a1963732d4b615a594673394a38574e614f626f7a5034793437541200', 1796032241965);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/DictGetOrCreate/c6e8d005-b662-44eb-9546-4ff71b9ee7e7', x'0a1964692d5a6d32416d6d4532443453747541473639746e343831121a0a057374617465121109a8c65bbc51c3da411206636c69656e74', 1796032241434);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionCreate/1648e13a-a255-4349-9f64-bde031559dce', x'0a1966752d7a5738425057776c4461775937706f335a3746374161225c12076e696768746c792219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d7a5738425057776c4461775937706f335a3746374161d2021964652d4d685247794f795867566b3763336430365865467535920301049a030104a2031961702d5234415a31333266494330343531585a6a67766265453a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032241743);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionCreate/932b9046-2c2d-40db-82d1-e0cb554562e7', x'0a1966752d73784b4167735247555a727775585244395a66704b48225812074d6f64656c2e2a2219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d73784b4167735247555a727775585244395a66704b48d2021964652d4d5470676f30357a376c73644856664c36373036444b920301049a030104a2031961702d5234415a31333266494330343531585a6a67766265453a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032241962);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionCreate/976f33d7-9cc2-4e54-b991-e3b5f643fc32', x'0a1966752d45776f30557961396734524a33325537346d666842551216687474703a2f2f3132372e302e302e313a343139393722711204706167652219696d2d5a434b68576e714e31784830305a636166317337535840027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3431393937fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3431393937c2021966752d45776f30557961396734524a33325537346d66684255d2021964652d77726455784e4b39434b6e44757139527774784f6155920301049a030104a2031961702d5234415a31333266494330343531585a6a67766265453ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a34313939375a070802120347455492017312711204706167652219696d2d5a434b68576e714e31784830305a636166317337535840027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3431393937fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032241891);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionCreate/979ce2fe-86f1-42b3-814a-80e25d20edd3', x'0a1966752d59507336796f7051435a336247584864367152747a4e22ad011206646f75626c651a196d6f2d676c4b74336d7772684950546b51493438745743356a2219696d2d5a434b68576e714e31784830305a63616631733753584002521973742d49415250474e4e68636175556f32364546636e755a61a801ac028a02210a19766f2d777730616c4d6a6459636472526b745742684f4c337812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d59507336796f7051435a336247584864367152747a4ed2021964652d42636f59325773724e51454d4561634e4f5437563837920301049a030104a2031961702d5234415a31333266494330343531585a6a67766265453ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d676c4b74336d7772684950546b51493438745743356a2219696d2d5a434b68576e714e31784830305a63616631733753584002521973742d49415250474e4e68636175556f32364546636e755a61a801ac028a02210a19766f2d777730616c4d6a6459636472526b745742684f4c337812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032241715);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionPrecreate/21aa25d7-7fc4-413d-bc4b-e15c3881246a', x'0a1966752d7a5738425057776c4461775937706f335a3746374161124112076e696768746c79c2021966752d7a5738425057776c4461775937706f335a3746374161a2031961702d5234415a31333266494330343531585a6a6776626545', 1796032241730);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionPrecreate/268ac033-536b-4f47-88aa-4db38e586c34', x'0a1966752d45776f30557961396734524a33325537346d66684255123e120470616765c2021966752d45776f30557961396734524a33325537346d66684255a2031961702d5234415a31333266494330343531585a6a6776626545', 1796032241792);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionPrecreate/5ad64f73-d939-4df4-a6cf-59deefaac01a', x'0a1966752d59507336796f7051435a336247584864367152747a4e12401206646f75626c65c2021966752d59507336796f7051435a336247584864367152747a4ea2031961702d5234415a31333266494330343531585a6a6776626545', 1796032241711);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/FunctionPrecreate/a69189ce-93f8-40b0-87b1-a5e1c7336e06', x'0a1966752d73784b4167735247555a727775585244395a66704b48124112074d6f64656c2e2ac2021966752d73784b4167735247555a727775585244395a66704b48a2031961702d5234415a31333266494330343531585a6a6776626545', 1796032241920);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/MountGetOrCreate/55d31ff5-2658-478a-a004-442d64d4d759', x'0a196d6f2d676c4b74336d7772684950546b51493438745743356a12420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032241707);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/QueueGetOrCreate/2b67f462-9a97-4e0e-897a-79ffe9378ed7', x'0a1971752d743452533653533847557146645145314c727132387512190a046a6f62731211096de75bbc51c3da411206636c69656e74', 1796032241437);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/SecretGetOrCreate/4eb43c63-901c-405e-87fc-a715a2a1e79d', x'0a1973742d49415250474e4e68636175556f32364546636e755a6112280a036875621211090e2d5abc51c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032241410);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/VolumeGetOrCreate/c7bee4d2-0859-45da-8840-5358573ad046', x'0a19766f2d777730616c4d6a6459636472526b745742684f4c337810011a1e08011207776569676874731a1109bc745bbc51c3da411206636c69656e74', 1796032241430);
insert into "idempotency" values ('ak-uK1LKzsYWU7Np8x4Evplhg/WebhookTokenCreate/7b9748bc-94a5-4b2b-8814-2d40bec3abdc', x'0a19776b2d463249456e5959394e724d416a36396c48526f346949122e77732d645a464b4b396b4d4d304d7074484d4b6a3343434e446f4d6f684364316146367761774a427a3348763641', 1796032241394);
insert into "function_call" values ('fc-ddpuzmjLr15rn3IAoJLSOW', 'fu-YPs6yopQCZ3bGXHd6qRtzN', 'ap-R4AZ132fIC0451XZjgvbeE', 1, 4, '', 'ak-uK1LKzsYWU7Np8x4Evplhg/7a385e50-1ea8-42c7-97bf-20a6458362cc', 1796032242211);
insert into "function_call" values ('fc-8tiyb57QXAVcuFB7PNNKIB', 'fu-YPs6yopQCZ3bGXHd6qRtzN', 'ap-R4AZ132fIC0451XZjgvbeE', 1, 4, '', 'ak-uK1LKzsYWU7Np8x4Evplhg/3aef6ff4-70b2-43ab-8b2a-6ba780f9ea11', 1796032242404);
insert into "call_input" values ('in-XOndmuFo3BMYOz0q9GOamG', 'fc-ddpuzmjLr15rn3IAoJLSOW', 0, x'0a06828115b900005004', 'finished', null, 0, 0, 1, null, 1796032242211, x'08012a02182a', 4, 'ta-JxC888bxOQzqgwFWGfkAui', 1796032242.311, 1796032242.335, 1796032242335000, 1796032242335, '');
insert into "call_input" values ('in-Lp1zxhWQkTjvgDnIYbuI6M', 'fc-8tiyb57QXAVcuFB7PNNKIB', 0, x'0a06828104b900005004', 'pending', null, 0, 0, 0, null, 1796032242404, null, 0, '', 0, 0, null, null, '');
insert into "data_chunk" values ('fc-ddpuzmjLr15rn3IAoJLSOW', 1, x'120232302001');
insert into "data_chunk" values ('fc-ddpuzmjLr15rn3IAoJLSOW', 2, x'120232312002');
insert into "task" values ('ta-JxC888bxOQzqgwFWGfkAui', 'fu-YPs6yopQCZ3bGXHd6qRtzN', 'ap-R4AZ132fIC0451XZjgvbeE', 'double', 'im-ZCKhWnqN1xH00Zcaf1s7SX', 1, 0, 'wo-ri03xP9o4BVXfu5fZsIdYu', 'box', 'exited', 125, 128, '[]', 1796032242211, 1796032242297, 1796032242345, '[{"name":"queue","startedAtMs":1796032242211,"endedAtMs":1796032242212},{"name":"place","startedAtMs":1796032242212,"endedAtMs":1796032242294},{"name":"image","startedAtMs":1796032242294,"endedAtMs":1796032242297.9998},{"name":"mount","startedAtMs":1796032242297.9998,"endedAtMs":1796032242298.9998},{"name":"boot","startedAtMs":1796032242298.9998,"endedAtMs":1796032242298.9998},{"name":"enter","startedAtMs":1796032242298.9998,"endedAtMs":1796032242298.9998},{"name":"first call","startedAtMs":1796032242298.9998,"endedAtMs":1796032242335}]', 20, null, 0);
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242213001, x'0a1974612d4a784338383862784f517a716777465747666b417569124c30023968918dbc51c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d4a784338383862784f517a716777465747666b4175697206646f75626c652a12313739363033323234323231333030312d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242297000, x'0a1974612d4a784338383862784f517a716777465747666b41756912553007390c0293bc51c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d4a784338383862784f517a716777465747666b4175697206646f75626c652a12313739363033323234323239373030302d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242298000, x'0a1974612d4a784338383862784f517a716777465747666b41756912393004396f1293bc51c3da414a091801220572656164796a1974612d4a784338383862784f517a716777465747666b4175697206646f75626c652a12313739363033323234323239383030302d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242299000, x'0a1974612d4a784338383862784f517a716777465747666b417569124a300439d12293bc51c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d4a784338383862784f517a716777465747666b4175697206646f75626c652a12313739363033323234323239393030302d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242344000, x'0a1974612d4a784338383862784f517a716777465747666b417569120d0a09646f75626c696e670a40012a12313739363033323234323334343030302d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242345000, x'0a1974612d4a784338383862784f517a716777465747666b41756912553005397b1496bc51c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d4a784338383862784f517a716777465747666b4175697206646f75626c652a12313739363033323234323334353030302d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242405000, x'0a1974612d464c426d474348506d304f4c3866626e7268384b4c69126a30013985eb99bc51c3da414a3a180122366e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d464c426d474348506d304f4c3866626e7268384b4c697206646f75626c652a12313739363033323234323430353030302d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "task_log" values ('ap-R4AZ132fIC0451XZjgvbeE', 1796032242405001, x'0a1974612d464c426d474348506d304f4c3866626e7268384b4c69125a0a4d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a3985eb99bc51c3da4140032a12313739363033323234323430353030312d305a1966752d59507336796f7051435a336247584864367152747a4e');
insert into "named_object" values ('di-Zm2AmmE2D4StuAG69tn481', 'dict', 'main', 'state', null, 1796032241434, 'client');
insert into "named_object" values ('qu-t4RS6SS8GUqFdQE1Lrq28u', 'queue', 'main', 'jobs', null, 1796032241436, 'client');
insert into "dict_entry" values ('di-Zm2AmmE2D4StuAG69tn481', x'6b', x'76');
insert into "queue_item" values (1796032241438000, 'qu-t4RS6SS8GUqFdQE1Lrq28u', x'', 1796118641438, x'31');
insert into "queue_item" values (1796032241438001, 'qu-t4RS6SS8GUqFdQE1Lrq28u', x'', 1796118641438, x'32');
insert into "recent_answer" values (1796032241436000, 'ak-uK1LKzsYWU7Np8x4Evplhg/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032241438000, 'ak-uK1LKzsYWU7Np8x4Evplhg/QueuePut/cc941861-303f-4f91-96ac-f4b80b2f87c4', x'');
insert into "app_version" values ('ap-R4AZ132fIC0451XZjgvbeE', 1, 0, '{"double":"fu-YPs6yopQCZ3bGXHd6qRtzN","nightly":"fu-zW8BPWwlDawY7po3Z7F7Aa","page":"fu-Ewo0Uya9g4RJ32U74mfhBU","Model.*":"fu-sxKAgsRGUZrwuXRD9ZfpKH"}', '{"Model":"cs-KaZYFs9J8WNaObozP4y47T"}', '{"fu-YPs6yopQCZ3bGXHd6qRtzN":"de-BcoY2WsrNQEMEacNOT7V87","fu-zW8BPWwlDawY7po3Z7F7Aa":"de-MhRGyOyXgVk7c3d06XeFu5","fu-Ewo0Uya9g4RJ32U74mfhBU":"de-wrdUxNK9CKnDuq9RwtxOaU","fu-sxKAgsRGUZrwuXRD9ZfpKH":"de-MTpgo05z7lsdHVfL6706DK"}', '{}', 1796032242049, 'client', '', '', 0, null, 1);
insert into "function_definition" values ('de-BcoY2WsrNQEMEacNOT7V87', 'fu-YPs6yopQCZ3bGXHd6qRtzN', x'1206646f75626c651a196d6f2d676c4b74336d7772684950546b51493438745743356a2219696d2d5a434b68576e714e31784830305a63616631733753584002521973742d49415250474e4e68636175556f32364546636e755a61a801ac028a02210a19766f2d777730616c4d6a6459636472526b745742684f4c337812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-MhRGyOyXgVk7c3d06XeFu5', 'fu-zW8BPWwlDawY7po3Z7F7Aa', x'12076e696768746c792219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-wrdUxNK9CKnDuq9RwtxOaU', 'fu-Ewo0Uya9g4RJ32U74mfhBU', x'1204706167652219696d2d5a434b68576e714e31784830305a636166317337535840027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-MTpgo05z7lsdHVfL6706DK', 'fu-sxKAgsRGUZrwuXRD9ZfpKH', x'12074d6f64656c2e2a2219696d2d5a434b68576e714e31784830305a63616631733753584002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-0QxDixiapSRN6I7w5DGLWg', 'laptop', x'd2cdc3be409106fc1079ea149fd70dc7f142a6044ac2e26dae004d82b8a6576f', 1796032241375, null, null, 0, 'ak-uK1LKzsYWU7Np8x4Evplhg', null);
insert into "environment" values ('en-NLQkyZEGMRgbtvk2WcqvBJ', 'main', 'main', '', null, 1796032241271);
insert into "environment" values ('en-7cAIfRievbHaP6GxRHFa2Q', 'staging', 'staging', 'staging', null, 1796032241364);
insert into "mount_name" values ('main', 'code', 'mo-glKt3mwrhIPTkQI48tWC5j', 'client', 1796032241707);
insert into "schedule" values ('fu-zW8BPWwlDawY7po3Z7F7Aa', x'12022001', 1796032242092, 1796118642092);
insert into "image_tag" values ('ir-JK8GvuqyoHlNf08PDxlyFC', 'main', 'base:latest', 'im-ZCKhWnqN1xH00Zcaf1s7SX', 'client', 1796032241698);
insert into "web_address" values ('trainer-page', 'ap-R4AZ132fIC0451XZjgvbeE', 'page', '', 41997, 1796032241856);
insert into "proxy_token" values ('wk-F2IEnYY9NrMAj69lHRo4iI', 'web', x'794bea4914e65766efb10d1a3c91e3fd79e231acd49811139b3e690f91a28d1a', 1796032241393, null, 'ak-uK1LKzsYWU7Np8x4Evplhg');
insert into "audit_entry" values (1, 1796032241363, 'environment.create', 'success', 'token', 'ak-uK1LKzsYWU7Np8x4Evplhg', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796032241371, 'token.create', 'success', 'token', 'ak-uK1LKzsYWU7Np8x4Evplhg', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796032241381, 'proxy-token.create', 'success', 'token', 'ak-uK1LKzsYWU7Np8x4Evplhg', 'operator', null, '', '', '["web","wk-F2IEnYY9NrMAj69lHRo4iI"]', '');
insert into "audit_entry" values (4, 1796032241404, 'secret.create', 'success', 'token', 'ak-uK1LKzsYWU7Np8x4Evplhg', 'operator', 'main', '', '', '["hub","st-IARPGNNhcauUo26EFcnuZa"]', '');
insert into "audit_entry" values (5, 1796032241698, 'image.publish', 'success', 'token', 'ak-uK1LKzsYWU7Np8x4Evplhg', 'operator', null, '', '', '["im-ZCKhWnqN1xH00Zcaf1s7SX","base:latest","ir-JK8GvuqyoHlNf08PDxlyFC"]', '');
insert into "audit_entry" values (6, 1796032241999, 'app.deploy', 'success', 'token', 'ak-uK1LKzsYWU7Np8x4Evplhg', 'operator', 'main', '', '', '["ap-R4AZ132fIC0451XZjgvbeE","trainer"]', '');
