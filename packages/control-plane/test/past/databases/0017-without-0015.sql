-- 1796032293476
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
CREATE TABLE call_bytes (hour integer primary key, bytes integer not null) strict;
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:51:32.819Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:51:32.822Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:51:32.824Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:51:32.827Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:51:32.829Z');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T09:51:32.830Z');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T09:51:32.834Z');
insert into "kysely_migration" values ('0008-images', '2026-11-30T09:51:32.835Z');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T09:51:32.837Z');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T09:51:32.845Z');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T09:51:32.846Z');
insert into "kysely_migration" values ('0016-call-bytes', '2026-11-30T09:51:32.854Z');
insert into "kysely_migration" values ('0017-input-deaths', '2026-11-30T09:51:32.855Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-A5ja2NG5EKKoLivOVzUynG', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-slthaDeWeeIqVwzzrmaCWO","nightly":"fu-erypDUIqWUtSU1Vml4hglB","page":"fu-ZJI1kxvIEvPfoS2Hd0klHD","Model.*":"fu-DRIbrYjjz4IZbEjk0t9L6H"}', '{"Model":"cs-bHEQfivhq2sVGJaDYpPXlA"}', '{}', 1796032293240, 1796032293320, null, '');
insert into "function" values ('fu-slthaDeWeeIqVwzzrmaCWO', 'ap-A5ja2NG5EKKoLivOVzUynG', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d314735315878716a446d7230765a76487562686650412219696d2d5435596e45666e62726f6571585064354978316664524002521973742d323156425a5338423675575a644674654c446b386f6aa801ac028a02210a19766f2d6a393738416f4830656761707a546766634159356b4412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-Pob6LW5Wui96lpakKvB28n', null, '', 1, null, 1796032293244);
insert into "function" values ('fu-erypDUIqWUtSU1Vml4hglB', 'ap-A5ja2NG5EKKoLivOVzUynG', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-PiFGCsKysaMQ6Cfkq7cLSO', null, '', 1, null, 1796032293264);
insert into "function" values ('fu-ZJI1kxvIEvPfoS2Hd0klHD', 'ap-A5ja2NG5EKKoLivOVzUynG', 'page', null, x'', null, 0, null, x'1204706167652219696d2d5435596e45666e62726f65715850643549783166645240027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-UnhhFVAqbdzh7DaqqY1WU2', null, '', 1, null, 1796032293274);
insert into "function" values ('fu-DRIbrYjjz4IZbEjk0t9L6H', 'ap-A5ja2NG5EKKoLivOVzUynG', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-nN3FrDMPfKBofNw2xwt0pW', null, '', 1, null, 1796032293294);
insert into "class" values ('cs-bHEQfivhq2sVGJaDYpPXlA', 'ap-A5ja2NG5EKKoLivOVzUynG', 1796032293308);
insert into "mount" values ('mo-1G51XxqjDmr0vZvHubhfPA', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-nTk4AX6g8t1GIp9dijD7SB', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032293223, 1796032293223);
insert into "blob" values ('bl-A5EvyEBhujrNWFRTu2n0y9', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032293000, 'ak-dvi0Tz8f4xbmuiWMOOyzlA', null);
insert into "image" values ('im-T5YnEfnbroeqXPd5Ix1fdR', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-MdmFJ7Pttva89eBiqDuDXJ"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 82, 1796032293069, 1796032293152, '{"packages":{}}');
insert into "image_log" values ('im-T5YnEfnbroeqXPd5Ix1fdR', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-21VBZS8B6uWZdFteLDk8oj', 'main', 'hub', null, '["HF_TOKEN"]', x'c7e8e44e9ef9b7a95121e5ff43c73dd49ab5cacf5d46dc712a785acb6ea643283a99c1903eb428df4d373879cce107', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032292969, 1796032293358);
insert into "volume" values ('vo-j978AoH0egapzTgfcAY5kD', 'main', 'weights', 0, 1796032292982, 'client', null, 1, null);
insert into "volume_version" values ('vo-j978AoH0egapzTgfcAY5kD', 0, '', '[]', 'client', 0, 1796032292982);
insert into "volume_version" values ('vo-j978AoH0egapzTgfcAY5kD', 1, 'ly-BQUwRXYpfsEmDoiEZJoLSA', '["ly-BQUwRXYpfsEmDoiEZJoLSA"]', 'worker', 1, 1796032292986);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/AppCreate/app-1', x'0a1961702d41356a61324e4735454b4b6f4c69764f567a55796e47', 1796032293242);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/AppPublish/60ae1a7c-f758-429a-95b7-fd290da489a3', x'21e17a54c951c3da41', 1796032293324);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/ClassCreate/0c9ef2dc-bd3c-4b6f-a44f-744b66ecd3aa', x'0a1963732d624845516669766871327356474a6144597050586c411200', 1796032293308);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/DictGetOrCreate/ce3211bf-ebb4-4e4e-a118-3259688fffb0', x'0a1964692d57764c3666794444695364654a59434530376d4e7571121a0a057374617465121109022b3fc951c3da411206636c69656e74', 1796032292987);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionCreate/674b3cde-dbb5-4491-bfce-eb7a1834f9ef', x'0a1966752d5a4a49316b787649457650666f53324864306b6c48441216687474703a2f2f3132372e302e302e313a343236333122711204706167652219696d2d5435596e45666e62726f65715850643549783166645240027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3432363331fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3432363331c2021966752d5a4a49316b787649457650666f53324864306b6c4844d2021964652d556e68684656417162647a6837446171715931575532920301049a030104a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e473ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a34323633315a070802120347455492017312711204706167652219696d2d5435596e45666e62726f65715850643549783166645240027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3432363331fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032293285);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionCreate/8a8ee2c9-60f9-4d2b-bbe9-0405e5e75ade', x'0a1966752d6572797044554971575574535531566d6c3468676c42225c12076e696768746c792219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d6572797044554971575574535531566d6c3468676c42d2021964652d5069464743734b7973614d513643666b7137634c534f920301049a030104a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e473a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032293270);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionCreate/b52de48e-2756-4538-b0d2-87746ba15477', x'0a1966752d4452496272596a6a7a34495a62456a6b3074394c3648225812074d6f64656c2e2a2219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d4452496272596a6a7a34495a62456a6b3074394c3648d2021964652d6e4e334672444d50664b426f664e7732787774307057920301049a030104a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e473a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032293302);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionCreate/b958fda9-ff49-46b1-8319-d43c4457afd9', x'0a1966752d736c7468614465576565497156777a7a726d6143574f22ad011206646f75626c651a196d6f2d314735315878716a446d7230765a76487562686650412219696d2d5435596e45666e62726f6571585064354978316664524002521973742d323156425a5338423675575a644674654c446b386f6aa801ac028a02210a19766f2d6a393738416f4830656761707a546766634159356b4412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d736c7468614465576565497156777a7a726d6143574fd2021964652d506f62364c573557756939366c70616b4b764232386e920301049a030104a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e473ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d314735315878716a446d7230765a76487562686650412219696d2d5435596e45666e62726f6571585064354978316664524002521973742d323156425a5338423675575a644674654c446b386f6aa801ac028a02210a19766f2d6a393738416f4830656761707a546766634159356b4412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032293256);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionPrecreate/504c3432-8774-441b-a55a-a8a680bd55d6', x'0a1966752d736c7468614465576565497156777a7a726d6143574f12401206646f75626c65c2021966752d736c7468614465576565497156777a7a726d6143574fa2031961702d41356a61324e4735454b4b6f4c69764f567a55796e47', 1796032293245);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionPrecreate/5dae5d1c-fa56-411a-b1ea-9c01d708cf9a', x'0a1966752d4452496272596a6a7a34495a62456a6b3074394c3648124112074d6f64656c2e2ac2021966752d4452496272596a6a7a34495a62456a6b3074394c3648a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e47', 1796032293294);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionPrecreate/91619472-a780-43a8-98a8-9a59804ee86a', x'0a1966752d5a4a49316b787649457650666f53324864306b6c4844123e120470616765c2021966752d5a4a49316b787649457650666f53324864306b6c4844a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e47', 1796032293275);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/FunctionPrecreate/f21ff0a4-5414-4c58-baaa-198089a5042a', x'0a1966752d6572797044554971575574535531566d6c3468676c42124112076e696768746c79c2021966752d6572797044554971575574535531566d6c3468676c42a2031961702d41356a61324e4735454b4b6f4c69764f567a55796e47', 1796032293265);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/MountGetOrCreate/0765fdc1-e6c8-432b-a0eb-523cd21c5fe4', x'0a196d6f2d314735315878716a446d7230765a764875626866504112420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032293234);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/QueueGetOrCreate/79e5082f-3ae8-4aa8-a78e-5d760c879977', x'0a1971752d4f3951694956395a6f7a5030755a6f4463456545473612190a046a6f6273121109d9ce3fc951c3da411206636c69656e74', 1796032292997);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/SecretGetOrCreate/7fd06b00-2f0c-4a9e-8f48-7fc7663f349e', x'0a1973742d323156425a5338423675575a644674654c446b386f6a12280a0368756212110919043ec951c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032292970);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/VolumeGetOrCreate/39a75821-6822-4356-b756-51fb10f4a94f', x'0a19766f2d6a393738416f4830656761707a546766634159356b4410011a1e08011207776569676874731a110917d93ec951c3da411206636c69656e74', 1796032292983);
insert into "idempotency" values ('ak-dvi0Tz8f4xbmuiWMOOyzlA/WebhookTokenCreate/0c701017-eb5e-45b8-bc2b-044efcea8728', x'0a19776b2d48587a65536b6e4753385761357538726b7767773473122e77732d77796d4b7a4c61727864435962724e475a5f764c5566457875374b755155596b7274637435596f36664659', 1796032292952);
insert into "function_call" values ('fc-khJGscdqCHqt2Y7uJTucuW', 'fu-slthaDeWeeIqVwzzrmaCWO', 'ap-A5ja2NG5EKKoLivOVzUynG', 1, 4, '', 'ak-dvi0Tz8f4xbmuiWMOOyzlA/c04187e2-a74e-47b9-b8b1-832c7dd74d6a', 1796032293343);
insert into "function_call" values ('fc-SDoLDbAbsOH2EFXNXGTJ7G', 'fu-slthaDeWeeIqVwzzrmaCWO', 'ap-A5ja2NG5EKKoLivOVzUynG', 1, 4, '', 'ak-dvi0Tz8f4xbmuiWMOOyzlA/3853b0da-2fbe-4e37-86ce-d9a964d2e5e1', 1796032293397);
insert into "call_input" values ('in-c80taQZHxZNnJqBBAKvcAY', 'fc-khJGscdqCHqt2Y7uJTucuW', 0, x'0a06828115b900005004', 'finished', null, 0, 0, 1, null, 1796032293344, x'08012a02182a', 4, 'ta-YuwDct0GqzO1PumfqM3cjJ', 1796032293.369, 1796032293.382, 1796032293383000, 1796032293383, '', 0, 0);
insert into "call_input" values ('in-wSCoLIS1KZePUGOpIZj2Lx', 'fc-SDoLDbAbsOH2EFXNXGTJ7G', 0, x'0a06828104b900005004', 'pending', null, 0, 0, 0, null, 1796032293397, null, 0, '', 0, 0, null, null, '', 0, 0);
insert into "data_chunk" values ('fc-khJGscdqCHqt2Y7uJTucuW', 1, x'120232302001');
insert into "data_chunk" values ('fc-khJGscdqCHqt2Y7uJTucuW', 2, x'120232312002');
insert into "task" values ('ta-YuwDct0GqzO1PumfqM3cjJ', 'fu-slthaDeWeeIqVwzzrmaCWO', 'ap-A5ja2NG5EKKoLivOVzUynG', 'double', 'im-T5YnEfnbroeqXPd5Ix1fdR', 1, 0, 'wo-Ay3Ys6L6frhiNR6TRPSByT', 'box', 'exited', 125, 128, '[]', 1796032293344, 1796032293366, 1796032293385, '[{"name":"queue","startedAtMs":1796032293344,"endedAtMs":1796032293347},{"name":"place","startedAtMs":1796032293347,"endedAtMs":1796032293365},{"name":"image","startedAtMs":1796032293365,"endedAtMs":1796032293366.9998},{"name":"mount","startedAtMs":1796032293366.9998,"endedAtMs":1796032293367.9998},{"name":"boot","startedAtMs":1796032293367.9998,"endedAtMs":1796032293367.9998},{"name":"enter","startedAtMs":1796032293367.9998,"endedAtMs":1796032293367.9998},{"name":"first call","startedAtMs":1796032293367.9998,"endedAtMs":1796032293382}]', 20, null, 0);
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293348001, x'0a1974612d5975774463743047717a4f3150756d66714d33636a4a124c300239a24556c951c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d5975774463743047717a4f3150756d66714d33636a4a7206646f75626c652a12313739363033323239333334383030312d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293366000, x'0a1974612d5975774463743047717a4f3150756d66714d33636a4a12553007398b6c57c951c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d5975774463743047717a4f3150756d66714d33636a4a7206646f75626c652a12313739363033323239333336363030302d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293367000, x'0a1974612d5975774463743047717a4f3150756d66714d33636a4a1239300439ee7c57c951c3da414a091801220572656164796a1974612d5975774463743047717a4f3150756d66714d33636a4a7206646f75626c652a12313739363033323239333336373030302d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293368000, x'0a1974612d5975774463743047717a4f3150756d66714d33636a4a124a300439508d57c951c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d5975774463743047717a4f3150756d66714d33636a4a7206646f75626c652a12313739363033323239333336383030302d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293384000, x'0a1974612d5975774463743047717a4f3150756d66714d33636a4a120d0a09646f75626c696e670a40012a12313739363033323239333338343030302d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293385000, x'0a1974612d5975774463743047717a4f3150756d66714d33636a4a1255300539d7a358c951c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d5975774463743047717a4f3150756d66714d33636a4a7206646f75626c652a12313739363033323239333338353030302d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293398000, x'0a1974612d6368484d6f37784b4f476e306c48397130624e6e3657127a300139d57859c951c3da414a4a180122466e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d6368484d6f37784b4f476e306c48397130624e6e36577206646f75626c652a12313739363033323239333339383030302d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "task_log" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1796032293398001, x'0a1974612d6368484d6f37784b4f476e306c48397130624e6e3657126a0a5d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a39d57859c951c3da4140032a12313739363033323239333339383030312d305a1966752d736c7468614465576565497156777a7a726d6143574f');
insert into "named_object" values ('di-WvL6fyDDiSdeJYCE07mNuq', 'dict', 'main', 'state', null, 1796032292987, 'client');
insert into "named_object" values ('qu-O9QiIV9ZozP0uZoDcEeEG6', 'queue', 'main', 'jobs', null, 1796032292997, 'client');
insert into "dict_entry" values ('di-WvL6fyDDiSdeJYCE07mNuq', x'6b', x'76');
insert into "queue_item" values (1796032292999000, 'qu-O9QiIV9ZozP0uZoDcEeEG6', x'', 1796118692999, x'31');
insert into "queue_item" values (1796032292999001, 'qu-O9QiIV9ZozP0uZoDcEeEG6', x'', 1796118692999, x'32');
insert into "recent_answer" values (1796032292992000, 'ak-dvi0Tz8f4xbmuiWMOOyzlA/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032292999000, 'ak-dvi0Tz8f4xbmuiWMOOyzlA/QueuePut/cb43cfb0-c658-4590-ab16-4814c415b857', x'');
insert into "app_version" values ('ap-A5ja2NG5EKKoLivOVzUynG', 1, 0, '{"double":"fu-slthaDeWeeIqVwzzrmaCWO","nightly":"fu-erypDUIqWUtSU1Vml4hglB","page":"fu-ZJI1kxvIEvPfoS2Hd0klHD","Model.*":"fu-DRIbrYjjz4IZbEjk0t9L6H"}', '{"Model":"cs-bHEQfivhq2sVGJaDYpPXlA"}', '{"fu-slthaDeWeeIqVwzzrmaCWO":"de-Pob6LW5Wui96lpakKvB28n","fu-erypDUIqWUtSU1Vml4hglB":"de-PiFGCsKysaMQ6Cfkq7cLSO","fu-ZJI1kxvIEvPfoS2Hd0klHD":"de-UnhhFVAqbdzh7DaqqY1WU2","fu-DRIbrYjjz4IZbEjk0t9L6H":"de-nN3FrDMPfKBofNw2xwt0pW"}', '{}', 1796032293322, 'client', '', '', 0, null, 1);
insert into "function_definition" values ('de-Pob6LW5Wui96lpakKvB28n', 'fu-slthaDeWeeIqVwzzrmaCWO', x'1206646f75626c651a196d6f2d314735315878716a446d7230765a76487562686650412219696d2d5435596e45666e62726f6571585064354978316664524002521973742d323156425a5338423675575a644674654c446b386f6aa801ac028a02210a19766f2d6a393738416f4830656761707a546766634159356b4412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-PiFGCsKysaMQ6Cfkq7cLSO', 'fu-erypDUIqWUtSU1Vml4hglB', x'12076e696768746c792219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-UnhhFVAqbdzh7DaqqY1WU2', 'fu-ZJI1kxvIEvPfoS2Hd0klHD', x'1204706167652219696d2d5435596e45666e62726f65715850643549783166645240027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-nN3FrDMPfKBofNw2xwt0pW', 'fu-DRIbrYjjz4IZbEjk0t9L6H', x'12074d6f64656c2e2a2219696d2d5435596e45666e62726f6571585064354978316664524002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-GfBWShyOceqPZ2wGM36j2A', 'laptop', x'f79371c790269f5cb98c390c20d2d9aba40715bd460ac4efa3486f4619f94b52', 1796032292939, null, null, 0, 'ak-dvi0Tz8f4xbmuiWMOOyzlA', null);
insert into "environment" values ('en-sTszq10b3HGPY4Td1NyrIU', 'main', 'main', '', null, 1796032292880);
insert into "environment" values ('en-J2v6PFzb3kDNEaVlsgRKs5', 'staging', 'staging', 'staging', null, 1796032292935);
insert into "mount_name" values ('main', 'code', 'mo-1G51XxqjDmr0vZvHubhfPA', 'client', 1796032293233);
insert into "schedule" values ('fu-erypDUIqWUtSU1Vml4hglB', x'12022001', 1796032293330, 1796118693330);
insert into "image_tag" values ('ir-rawxHJ5Z5N3qEFCRsUm5TT', 'main', 'base:latest', 'im-T5YnEfnbroeqXPd5Ix1fdR', 'client', 1796032293159);
insert into "web_address" values ('trainer-page', 'ap-A5ja2NG5EKKoLivOVzUynG', 'page', '', 42631, 1796032293284);
insert into "proxy_token" values ('wk-HXzeSknGS8Wa5u8rkwgw4s', 'web', x'35f4ce5ef563a024942d93658495b79f320f6cc40576378981d4fa881016809d', 1796032292951, null, 'ak-dvi0Tz8f4xbmuiWMOOyzlA');
insert into "audit_entry" values (1, 1796032292934, 'environment.create', 'success', 'token', 'ak-dvi0Tz8f4xbmuiWMOOyzlA', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796032292938, 'token.create', 'success', 'token', 'ak-dvi0Tz8f4xbmuiWMOOyzlA', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796032292946, 'proxy-token.create', 'success', 'token', 'ak-dvi0Tz8f4xbmuiWMOOyzlA', 'operator', null, '', '', '["web","wk-HXzeSknGS8Wa5u8rkwgw4s"]', '');
insert into "audit_entry" values (4, 1796032292956, 'secret.create', 'success', 'token', 'ak-dvi0Tz8f4xbmuiWMOOyzlA', 'operator', 'main', '', '', '["hub","st-21VBZS8B6uWZdFteLDk8oj"]', '');
insert into "audit_entry" values (5, 1796032293157, 'image.publish', 'success', 'token', 'ak-dvi0Tz8f4xbmuiWMOOyzlA', 'operator', null, '', '', '["im-T5YnEfnbroeqXPd5Ix1fdR","base:latest","ir-rawxHJ5Z5N3qEFCRsUm5TT"]', '');
insert into "audit_entry" values (6, 1796032293315, 'app.deploy', 'success', 'token', 'ak-dvi0Tz8f4xbmuiWMOOyzlA', 'operator', 'main', '', '', '["ap-A5ja2NG5EKKoLivOVzUynG","trainer"]', '');
insert into "call_bytes" values (1796029200000, 64);
