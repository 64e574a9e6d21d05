-- 1796079158712
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T22:52:38.080Z', '0.1.0');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T22:52:38.082Z', '0.1.0');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T22:52:38.087Z', '0.1.0');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T22:52:38.088Z', '0.1.0');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T22:52:38.092Z', '0.1.0');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T22:52:38.095Z', '0.1.0');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T22:52:38.095Z', '0.1.0');
insert into "kysely_migration" values ('0008-images', '2026-11-30T22:52:38.096Z', '0.1.0');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T22:52:38.097Z', '0.1.0');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T22:52:38.118Z', '0.1.0');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T22:52:38.118Z', '0.1.0');
insert into "kysely_migration" values ('0015-log-entries', '2026-11-30T22:52:38.128Z', '0.1.0');
insert into "kysely_migration" values ('0016-call-bytes', '2026-11-30T22:52:38.129Z', '0.1.0');
insert into "kysely_migration" values ('0017-input-deaths', '2026-11-30T22:52:38.130Z', '0.1.0');
insert into "kysely_migration" values ('0021-objects-of-apps', '2026-11-30T22:52:38.131Z', '0.1.0');
insert into "kysely_migration" values ('0022-versions', '2026-11-30T22:52:38.135Z', '0.1.0');
insert into "kysely_migration" values ('0023-memory-snapshots', '2026-11-30T22:52:38.136Z', '0.1.0');
insert into "app" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-VsVeKIqXZFjRnv9K7wHMx2","nightly":"fu-oY2LKwj92NkNrz4uIulvfL","page":"fu-NEl7qKZF99gOufQsScbZZB","Model.*":"fu-VC6HNypy5pu73MZfiusCMp"}', '{"Model":"cs-b5dFYwSYxw9TPJ6Eu9IqhV"}', '{}', 1796079158504, 1796079158564, null, '', '{}');
insert into "function" values ('fu-VsVeKIqXZFjRnv9K7wHMx2', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d735647304635457073396e4e336551487466545370342219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002521973742d553745624a364e77495a3868417449594f4436623254a801ac028a02210a19766f2d6862384748394438743231583963334d334948636b5612042f766f6cc80201fa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-aEmy2jrVSPyokfVhKZvl6Y', null, '', 1, null, 1796079158506);
insert into "function" values ('fu-oY2LKwj92NkNrz4uIulvfL', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-WEV9h8ogwqpdTSlmoR6tgT', null, '', 1, null, 1796079158513);
insert into "function" values ('fu-NEl7qKZF99gOufQsScbZZB', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 'page', null, x'', null, 0, null, x'1204706167652219696d2d6d7a6c55395a6c465954666a53336c316e68754c473240027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-S8S9RSYLyBVxrvyxO7IOCL', null, '', 1, null, 1796079158520);
insert into "function" values ('fu-VC6HNypy5pu73MZfiusCMp', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-twKiDszeAndHuccAK8bdUK', null, '', 1, null, 1796079158527);
insert into "class" values ('cs-b5dFYwSYxw9TPJ6Eu9IqhV', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 1796079158559);
insert into "mount" values ('mo-sVG0F5Eps9nN3eQHtfTSp4', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-slvSAAXKd3AmqnZuT90u6Y', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796079158499, 1796079158499);
insert into "blob" values ('bl-oJktFlnpulq21edaVgH8s1', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796079158239, 'ak-k9rjITViaQVgK84JU65X-Q', null);
insert into "image" values ('im-mzlU9ZlFYTfjS3l1nhuLG2', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-C1MRUHtE5OzQ5ATXZfNMZC"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 40, 1796079158321, 1796079158362, '{"packages":{}}');
insert into "image_log" values ('im-mzlU9ZlFYTfjS3l1nhuLG2', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-U7EbJ6NwIZ8hAtIYOD6b2T', 'main', 'hub', null, '["HF_TOKEN"]', x'9dd699cca9b98defa3c51a700bab8cb1272256a62e58d5b2832cb33587549ffcb664582c651bded64be9c0e87093d9', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796079158214, 1796079158577);
insert into "volume" values ('vo-hb8GH9D8t21X9c3M3IHckV', 'main', 'weights', 0, 1796079158228, 'client', null, 1, null);
insert into "volume_version" values ('vo-hb8GH9D8t21X9c3M3IHckV', 0, '', '[]', 'client', 0, 1796079158228);
insert into "volume_version" values ('vo-hb8GH9D8t21X9c3M3IHckV', 1, 'ly-fwhfEyZ7kzbcLRKcUNPAjX', '["ly-fwhfEyZ7kzbcLRKcUNPAjX"]', 'worker', 1, 1796079158233);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/AppCreate/app-1', x'0a1961702d537a6a687453305a474f53514c705a6c32716c446465122b60646f7269616e20617070206c6f67732061702d537a6a687453305a474f53514c705a6c32716c446465601a2b60646f7269616e20617070206c6f67732061702d537a6a687453305a474f53514c705a6c32716c44646560', 1796079158505);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/AppPublish/83f8166a-4a16-4e0f-a12a-08ff459fb605', x'0a2b60646f7269616e20617070206c6f67732061702d537a6a687453305a474f53514c705a6c32716c44646560219318a48d7fc3da41', 1796079158567);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/ClassCreate/3f37dcbb-7397-458d-bebd-cf0799db57da', x'0a1963732d623564465977535978773954504a36457539497168561200', 1796079158560);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/DictGetOrCreate/dd216b0c-f9c3-4d69-9081-0010c9ddbfa2', x'0a1964692d634b59754455646f6437784a524c756e77415133374b121a0a057374617465121109dbf98e8d7fc3da411206636c69656e74', 1796079158234);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionCreate/3d7cc68c-612c-417c-a234-10865eacfef8', x'0a1966752d567356654b4971585a466a526e76394b3777484d783222b0011206646f75626c651a196d6f2d735647304635457073396e4e336551487466545370342219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002521973742d553745624a364e77495a3868417449594f4436623254a801ac028a02210a19766f2d6862384748394438743231583963334d334948636b5612042f766f6cc80201fa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d567356654b4971585a466a526e76394b3777484d7832d2021964652d61456d79326a72565350796f6b6656684b5a766c3659920301049a030104a2031961702d537a6a687453305a474f53514c705a6c32716c4464653ad3011206646f75626c65180240ac029201b30112b0011206646f75626c651a196d6f2d735647304635457073396e4e336551487466545370342219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002521973742d553745624a364e77495a3868417449594f4436623254a801ac028a02210a19766f2d6862384748394438743231583963334d334948636b5612042f766f6cc80201fa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796079158512);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionCreate/6d0b78c0-6f10-41e3-bb5c-43acd1c2cf0c', x'0a1966752d6f59324c4b776a39324e6b4e727a347549756c76664c225c12076e696768746c792219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d6f59324c4b776a39324e6b4e727a347549756c76664cd2021964652d5745563968386f677771706454536c6d6f5236746754920301049a030104a2031961702d537a6a687453305a474f53514c705a6c32716c4464653a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796079158516);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionCreate/86600adf-3f73-448d-96ef-0fc90cd0945b', x'0a1966752d564336484e79707935707537334d5a66697573434d70225812074d6f64656c2e2a2219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d564336484e79707935707537334d5a66697573434d70d2021964652d74774b6944737a65416e6448756363414b386264554b920301049a030104a2031961702d537a6a687453305a474f53514c705a6c32716c4464653a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796079158556);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionCreate/d2307222-f2ae-4edc-9920-07dd6ecc2777', x'0a1966752d4e456c37714b5a463939674f756651735363625a5a421216687474703a2f2f3132372e302e302e313a343338313922711204706167652219696d2d6d7a6c55395a6c465954666a53336c316e68754c473240027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3433383139fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3433383139c2021966752d4e456c37714b5a463939674f756651735363625a5a42d2021964652d533853395253594c79425678727679784f37494f434c920301049a030104a2031961702d537a6a687453305a474f53514c705a6c32716c4464653ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a34333831395a070802120347455492017312711204706167652219696d2d6d7a6c55395a6c465954666a53336c316e68754c473240027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3433383139fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796079158526);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionPrecreate/005e401a-341a-4f02-8d3a-43abfe7dc601', x'0a1966752d6f59324c4b776a39324e6b4e727a347549756c76664c124112076e696768746c79c2021966752d6f59324c4b776a39324e6b4e727a347549756c76664ca2031961702d537a6a687453305a474f53514c705a6c32716c446465', 1796079158514);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionPrecreate/1952afbd-31b7-45b8-8572-1aefa87aa248', x'0a1966752d564336484e79707935707537334d5a66697573434d70124112074d6f64656c2e2ac2021966752d564336484e79707935707537334d5a66697573434d70a2031961702d537a6a687453305a474f53514c705a6c32716c446465', 1796079158527);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionPrecreate/4c4d5327-e1b5-45d3-8d4b-675f01468de7', x'0a1966752d4e456c37714b5a463939674f756651735363625a5a42123e120470616765c2021966752d4e456c37714b5a463939674f756651735363625a5a42a2031961702d537a6a687453305a474f53514c705a6c32716c446465', 1796079158521);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/FunctionPrecreate/9b5c0346-4154-4524-8ac0-e0efbd09f63f', x'0a1966752d567356654b4971585a466a526e76394b3777484d783212401206646f75626c65c2021966752d567356654b4971585a466a526e76394b3777484d7832a2031961702d537a6a687453305a474f53514c705a6c32716c446465', 1796079158508);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/MountGetOrCreate/dd106c48-8e0b-4dad-bf2e-832538415e4a', x'0a196d6f2d735647304635457073396e4e3365514874665453703412420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796079158503);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/QueueGetOrCreate/fa6bf560-c616-475d-b7f7-52ec66251098', x'0a1971752d7130686e6b4c6b77744d5273367a59584273705a4d4a12190a046a6f6273121109022b8f8d7fc3da411206636c69656e74', 1796079158237);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/SecretGetOrCreate/416247d5-1c58-45c7-bc54-d40fd91ada0f', x'0a1973742d553745624a364e77495a3868417449594f443662325412280a036875621211092db28d8d7fc3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796079158214);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/VolumeGetOrCreate/ddc31e94-69c2-4c08-b83c-3e982eebc59d', x'0a19766f2d6862384748394438743231583963334d334948636b5610011a1e08011207776569676874731a11098d978e8d7fc3da411206636c69656e74', 1796079158228);
insert into "idempotency" values ('ak-k9rjITViaQVgK84JU65X-Q/WebhookTokenCreate/e922ca80-0d56-4038-955e-17fdf0f5b98f', x'0a19776b2d74485938524b456d754137424d6b4f6a587344676c74122e77732d3137677632326a395f3759577261434c307148756258416c6755454f434d3145646672756e373941743345', 1796079158209);
insert into "function_call" values ('fc-GbvyThTQM3cMmoXXxmcY4o', 'fu-VsVeKIqXZFjRnv9K7wHMx2', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 1, 4, '', 'ak-k9rjITViaQVgK84JU65X-Q/e2f31164-3b44-47f4-a689-74aa269cd60b', 1796079158572);
insert into "function_call" values ('fc-bVfp4EiFEeY8UNRL9uzufd', 'fu-VsVeKIqXZFjRnv9K7wHMx2', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 1, 4, '', 'ak-k9rjITViaQVgK84JU65X-Q/46d283ce-959d-4c7e-9790-0751c1ab364e', 1796079158615);
insert into "call_input" values ('in-nYtdeYvOIVzn4j1Bj285LQ', 'fc-GbvyThTQM3cMmoXXxmcY4o', 0, x'0a04828115a05004', 'finished', null, 0, 0, 1, null, 1796079158572, x'08012a02182a', 4, 'ta-kW5OSV1WD5EkTBSfIXvxSE', 1796079158.584, 1796079158.587, 1796079158587000, 1796079158587, '', 0, 0);
insert into "call_input" values ('in-kiMNo2dTCjlqBBCTuc5ZOu', 'fc-bVfp4EiFEeY8UNRL9uzufd', 0, x'0a04828104a05004', 'pending', null, 0, 0, 0, null, 1796079158615, null, 0, '', 0, 0, null, null, '', 0, 0);
insert into "data_chunk" values ('fc-GbvyThTQM3cMmoXXxmcY4o', 1, x'120232302001');
insert into "data_chunk" values ('fc-GbvyThTQM3cMmoXXxmcY4o', 2, x'120232312002');
insert into "task" values ('ta-kW5OSV1WD5EkTBSfIXvxSE', 'fu-VsVeKIqXZFjRnv9K7wHMx2', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 'double', 'im-mzlU9ZlFYTfjS3l1nhuLG2', 1, 0, 'wo-l8VpNwHBlDO3lQYFyhk6VM', 'box', 'exited', 125, 128, '[]', 1796079158572, 1796079158581, 1796079158605, '[{"name":"queue","startedAtMs":1796079158572,"endedAtMs":1796079158574},{"name":"place","startedAtMs":1796079158574,"endedAtMs":1796079158580},{"name":"image","startedAtMs":1796079158580,"endedAtMs":1796079158582},{"name":"mount","startedAtMs":1796079158582,"endedAtMs":1796079158583},{"name":"boot","startedAtMs":1796079158583,"endedAtMs":1796079158583},{"name":"enter","startedAtMs":1796079158583,"endedAtMs":1796079158583},{"name":"first call","startedAtMs":1796079158583,"endedAtMs":1796079158587},{"name":"serve","startedAtMs":1796079158587,"endedAtMs":1796079158605,"inputs":1},{"name":"exit","startedAtMs":1796079158605,"endedAtMs":1796079158605}]', 20, null, 0);
insert into "named_object" values ('di-cKYuDUdod7xJRLunwAQ37K', 'dict', 'main', 'state', null, 1796079158234, 'client');
insert into "named_object" values ('qu-q0hnkLkwtMRs6zYXBspZMJ', 'queue', 'main', 'jobs', null, 1796079158237, 'client');
insert into "dict_entry" values ('di-cKYuDUdod7xJRLunwAQ37K', x'6b', x'76');
insert into "queue_item" values (1796079158238000, 'qu-q0hnkLkwtMRs6zYXBspZMJ', x'', 1796165558238, x'31');
insert into "queue_item" values (1796079158238001, 'qu-q0hnkLkwtMRs6zYXBspZMJ', x'', 1796165558238, x'32');
insert into "recent_answer" values (1796079158236000, 'ak-k9rjITViaQVgK84JU65X-Q/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796079158238000, 'ak-k9rjITViaQVgK84JU65X-Q/QueuePut/0a0eb7a4-e0da-4d5f-bbdf-fd48234b79dc', x'');
insert into "app_version" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 1, 0, '{"double":"fu-VsVeKIqXZFjRnv9K7wHMx2","nightly":"fu-oY2LKwj92NkNrz4uIulvfL","page":"fu-NEl7qKZF99gOufQsScbZZB","Model.*":"fu-VC6HNypy5pu73MZfiusCMp"}', '{"Model":"cs-b5dFYwSYxw9TPJ6Eu9IqhV"}', '{"fu-VsVeKIqXZFjRnv9K7wHMx2":"de-aEmy2jrVSPyokfVhKZvl6Y","fu-oY2LKwj92NkNrz4uIulvfL":"de-WEV9h8ogwqpdTSlmoR6tgT","fu-NEl7qKZF99gOufQsScbZZB":"de-S8S9RSYLyBVxrvyxO7IOCL","fu-VC6HNypy5pu73MZfiusCMp":"de-twKiDszeAndHuccAK8bdUK"}', '{}', 1796079158565, 'operator', '', '', 0, null, 1, '{}');
insert into "function_definition" values ('de-aEmy2jrVSPyokfVhKZvl6Y', 'fu-VsVeKIqXZFjRnv9K7wHMx2', x'1206646f75626c651a196d6f2d735647304635457073396e4e336551487466545370342219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002521973742d553745624a364e77495a3868417449594f4436623254a801ac028a02210a19766f2d6862384748394438743231583963334d334948636b5612042f766f6cc80201fa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-WEV9h8ogwqpdTSlmoR6tgT', 'fu-oY2LKwj92NkNrz4uIulvfL', x'12076e696768746c792219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-S8S9RSYLyBVxrvyxO7IOCL', 'fu-NEl7qKZF99gOufQsScbZZB', x'1204706167652219696d2d6d7a6c55395a6c465954666a53336c316e68754c473240027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-twKiDszeAndHuccAK8bdUK', 'fu-VC6HNypy5pu73MZfiusCMp', x'12074d6f64656c2e2a2219696d2d6d7a6c55395a6c465954666a53336c316e68754c47324002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-qxNf4_2Pu2HmXNSDCTodqQ', 'laptop', x'985a5e9d64c4cde78f30a91ed0feb27e55a31e07720fc5ad25342df64725036e', 1796079158203, null, null, 0, 'ak-k9rjITViaQVgK84JU65X-Q', null);
insert into "environment" values ('en-MnLCjDOEaJ8xe3BY5AhCHg', 'main', 'main', '', null, 1796079158168);
insert into "environment" values ('en-uVXOTs5bVcWAUpbPtWLR50', 'staging', 'staging', 'staging', null, 1796079158200);
insert into "mount_name" values ('main', 'code', 'mo-sVG0F5Eps9nN3eQHtfTSp4', 'client', 1796079158502);
insert into "schedule" values ('fu-oY2LKwj92NkNrz4uIulvfL', x'12022001', 1796079158568, 1796165558568);
insert into "image_tag" values ('ir-DGBB2az7wJyLQMa5cUACmT', 'main', 'base:latest', 'im-mzlU9ZlFYTfjS3l1nhuLG2', 'client', 1796079158380);
insert into "web_address" values ('trainer-page', 'ap-SzjhtS0ZGOSQLpZl2qlDde', 'page', '', 43819, 1796079158525);
insert into "proxy_token" values ('wk-tHY8RKEmuA7BMkOjXsDglt', 'web', x'29675eecdbfce1311a9df0fcafb6bbc9e7b06b1996bec265071864496a89c016', 1796079158208, null, 'ak-k9rjITViaQVgK84JU65X-Q');
insert into "audit_entry" values (1, 1796079158199, 'environment.create', 'success', 'token', 'ak-k9rjITViaQVgK84JU65X-Q', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796079158202, 'token.create', 'success', 'token', 'ak-k9rjITViaQVgK84JU65X-Q', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796079158206, 'proxy-token.create', 'success', 'token', 'ak-k9rjITViaQVgK84JU65X-Q', 'operator', null, '', '', '["web","wk-tHY8RKEmuA7BMkOjXsDglt"]', '');
insert into "audit_entry" values (4, 1796079158210, 'secret.create', 'success', 'token', 'ak-k9rjITViaQVgK84JU65X-Q', 'operator', 'main', '', '', '["hub","st-U7EbJ6NwIZ8hAtIYOD6b2T"]', '');
insert into "audit_entry" values (5, 1796079158372, 'image.publish', 'success', 'token', 'ak-k9rjITViaQVgK84JU65X-Q', 'operator', null, '', '', '["im-mzlU9ZlFYTfjS3l1nhuLG2","base:latest","ir-DGBB2az7wJyLQMa5cUACmT"]', '');
insert into "audit_entry" values (6, 1796079158562, 'app.deploy', 'success', 'token', 'ak-k9rjITViaQVgK84JU65X-Q', 'operator', 'main', '', '', '["ap-SzjhtS0ZGOSQLpZl2qlDde","trainer"]', '');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 1, 1796079158574, x'0a1974612d6b57354f535631574435456b54425366495876785345124c3002396abca48d7fc3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d6b57354f535631574435456b544253664958767853457206646f75626c652a03312d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 2, 1796079158582, x'0a1974612d6b57354f535631574435456b5442536649587678534512553007397d3fa58d7fc3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d6b57354f535631574435456b544253664958767853457206646f75626c652a03322d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 3, 1796079158583, x'0a1974612d6b57354f535631574435456b544253664958767853451239300439df4fa58d7fc3da414a091801220572656164796a1974612d6b57354f535631574435456b544253664958767853457206646f75626c652a03332d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 4, 1796079158584, x'0a1974612d6b57354f535631574435456b54425366495876785345124a3004394260a58d7fc3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d6b57354f535631574435456b544253664958767853457206646f75626c652a03342d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 5, 1796079158590, x'0a1974612d6b57354f535631574435456b54425366495876785345126d0a6041206d656d6f727920736e617073686f74206f662030204d6942207761732074616b656e20696e20302e3020732e20436f6e7461696e657273206172652062726f75676874206261636b2066726f6d2069742066726f6d206e6f77206f6e2e0a398fc2a58d7fc3da4140032a03352d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 6, 1796079158601, x'0a1974612d6b57354f535631574435456b54425366495876785345120d0a09646f75626c696e670a40012a03362d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 7, 1796079158605, x'0a1974612d6b57354f535631574435456b54425366495876785345125530053952b8a68d7fc3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d6b57354f535631574435456b544253664958767853457206646f75626c652a03372d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 8, 1796079158619, x'0a1974612d4d4a38343166516855747451375878324e37706c5577127a300139b29da78d7fc3da414a4a180122466e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d4d4a38343166516855747451375878324e37706c55777206646f75626c652a03382d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "task_log" values ('ap-SzjhtS0ZGOSQLpZl2qlDde', 9, 1796079158619, x'0a1974612d4d4a38343166516855747451375878324e37706c5577126a0a5d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a39b29da78d7fc3da4140032a03392d305a1966752d567356654b4971585a466a526e76394b3777484d783282f10406646f75626c65');
insert into "worker_log" values ('wo-l8VpNwHBlDO3lQYFyhk6VM', 1, 1796079158601);
insert into "call_bytes" values (1796076000000, 64);
insert into "memory_snapshot" values ('1b5923c273b7b4a415bb7738c1262f14c423002a581e536fc84754e716c0eb56', 'fu-VsVeKIqXZFjRnv9K7wHMx2', 'ly-PXFO452B9PQmrl7fHvvUUx', 5, 7, 0, 1796079158590, 1796079158590);
