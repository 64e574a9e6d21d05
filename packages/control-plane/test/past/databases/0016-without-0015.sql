-- 1796032250953
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
CREATE TABLE call_bytes (hour integer primary key, bytes integer not null) strict;
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:50:49.485Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:50:49.499Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:50:49.521Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:50:49.522Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:50:49.563Z');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T09:50:49.564Z');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T09:50:49.565Z');
insert into "kysely_migration" values ('0008-images', '2026-11-30T09:50:49.566Z');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T09:50:49.567Z');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T09:50:49.610Z');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T09:50:49.611Z');
insert into "kysely_migration" values ('0016-call-bytes', '2026-11-30T09:50:49.612Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-1uVbzJcUpiJj1hS94micIo', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-zf5Ea8kzDCkdVSB4Zsoizh","nightly":"fu-oyRqJPGhgBiYy7YN1nDY6K","page":"fu-FQJVJtUgc4Zwa5tXd6vfgx","Model.*":"fu-dO3mGxJ1L28aOlV09Skkj6"}', '{"Model":"cs-Drf7FjgOm8KE5oskLpIifx"}', '{}', 1796032250322, 1796032250498, null, '');
insert into "function" values ('fu-zf5Ea8kzDCkdVSB4Zsoizh', 'ap-1uVbzJcUpiJj1hS94micIo', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d584c486741734a33424c62463273754f4350544b61552219696d2d386371714943496a31614f726c485a4e7a634f76324f4002521973742d71307752746f54594b345a4455553159614134344139a801ac028a02210a19766f2d79524441696b6d654b6361384b6c425550756a58455812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-1XH2zAEfcju9NUfFY2MXCI', null, '', 1, null, 1796032250351);
insert into "function" values ('fu-oyRqJPGhgBiYy7YN1nDY6K', 'ap-1uVbzJcUpiJj1hS94micIo', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-eqZu2ilmDGS5pIGUoTO8Nw', null, '', 1, null, 1796032250421);
insert into "function" values ('fu-FQJVJtUgc4Zwa5tXd6vfgx', 'ap-1uVbzJcUpiJj1hS94micIo', 'page', null, x'', null, 0, null, x'1204706167652219696d2d386371714943496a31614f726c485a4e7a634f76324f40027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-gjrLrimGSxA6pCFTp131wH', null, '', 1, null, 1796032250437);
insert into "function" values ('fu-dO3mGxJ1L28aOlV09Skkj6', 'ap-1uVbzJcUpiJj1hS94micIo', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-xQzcuKZluBIARKR4IbNexk', null, '', 1, null, 1796032250462);
insert into "class" values ('cs-Drf7FjgOm8KE5oskLpIifx', 'ap-1uVbzJcUpiJj1hS94micIo', 1796032250482);
insert into "mount" values ('mo-XLHgAsJ3BLbF2suOCPTKaU', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-8POX6EHkOjHjWMwUdT5IOm', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032250301, 1796032250301);
insert into "blob" values ('bl-BKw41NnF691XRhp7QOu7Oa', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032249912, 'ak-AvAVAkJTBhOjqbSm71LC7Q', null);
insert into "image" values ('im-8cqqICIj1aOrlHZNzcOv2O', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-O8fp1ZBUX40usN7z7T7rSK"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 122, 1796032250034, 1796032250167, '{"packages":{}}');
insert into "image_log" values ('im-8cqqICIj1aOrlHZNzcOv2O', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-q0wRtoTYK4ZDUU1YaA44A9', 'main', 'hub', null, '["HF_TOKEN"]', x'6cd3b26579df08a992f3fe0e7fb09191fa6adc2e601dc7f5758b447786d43ecf8686b48e22eb32013c1ce250ccd4d3', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032249847, 1796032250560);
insert into "volume" values ('vo-yRDAikmeKca8KlBUPujXEX', 'main', 'weights', 0, 1796032249862, 'client', null, 1, null);
insert into "volume_version" values ('vo-yRDAikmeKca8KlBUPujXEX', 0, '', '[]', 'client', 0, 1796032249862);
insert into "volume_version" values ('vo-yRDAikmeKca8KlBUPujXEX', 1, 'ly-gXHFlu31wLdob3poF9G4Hb', '["ly-gXHFlu31wLdob3poF9G4Hb"]', 'worker', 1, 1796032249896);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/AppCreate/app-1', x'0a1961702d317556627a4a635570694a6a31685339346d6963496f', 1796032250336);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/AppPublish/3892957e-eb88-4963-b60d-9325fc698c50', x'213bdf9fbe51c3da41', 1796032250505);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/ClassCreate/b24a34c0-5817-472e-bc68-9e409b92e628', x'0a1963732d44726637466a674f6d384b45356f736b4c70496966781200', 1796032250483);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/DictGetOrCreate/05b531b4-0074-43c1-b2db-979cc8963b58', x'0a1964692d526541494b31763479746b6a3057434b37306b797670121a0a0573746174651211099a9979be51c3da411206636c69656e74', 1796032249901);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionCreate/22d4f24c-ddcb-4774-912a-2fa31b89b375', x'0a1966752d46514a564a74556763345a77613574586436766667781216687474703a2f2f3132372e302e302e313a343439333122711204706167652219696d2d386371714943496a31614f726c485a4e7a634f76324f40027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3434393331fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3434393331c2021966752d46514a564a74556763345a7761357458643676666778d2021964652d676a724c72696d475378413670434654703133317748920301049a030104a2031961702d317556627a4a635570694a6a31685339346d6963496f3ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a34343933315a070802120347455492017312711204706167652219696d2d386371714943496a31614f726c485a4e7a634f76324f40027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3434393331fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032250450);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionCreate/7f7aed9a-94e1-4e23-b60e-80c7ebed248e', x'0a1966752d6f7952714a504768674269597937594e316e4459364b225c12076e696768746c792219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d6f7952714a504768674269597937594e316e4459364bd2021964652d65715a7532696c6d44475335704947556f544f384e77920301049a030104a2031961702d317556627a4a635570694a6a31685339346d6963496f3a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032250434);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionCreate/a590025e-eff9-4201-b1c2-9fc3ec3661a8', x'0a1966752d7a66354561386b7a44436b64565342345a736f697a6822ad011206646f75626c651a196d6f2d584c486741734a33424c62463273754f4350544b61552219696d2d386371714943496a31614f726c485a4e7a634f76324f4002521973742d71307752746f54594b345a4455553159614134344139a801ac028a02210a19766f2d79524441696b6d654b6361384b6c425550756a58455812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d7a66354561386b7a44436b64565342345a736f697a68d2021964652d315848327a414566636a75394e55664659324d584349920301049a030104a2031961702d317556627a4a635570694a6a31685339346d6963496f3ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d584c486741734a33424c62463273754f4350544b61552219696d2d386371714943496a31614f726c485a4e7a634f76324f4002521973742d71307752746f54594b345a4455553159614134344139a801ac028a02210a19766f2d79524441696b6d654b6361384b6c425550756a58455812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032250414);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionCreate/e36ec522-d2e2-49f1-a161-0d271d0a8bc3', x'0a1966752d644f336d47784a314c3238614f6c563039536b6b6a36225812074d6f64656c2e2a2219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d644f336d47784a314c3238614f6c563039536b6b6a36d2021964652d78517a63754b5a6c75424941524b523449624e65786b920301049a030104a2031961702d317556627a4a635570694a6a31685339346d6963496f3a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032250477);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionPrecreate/14372c73-2cac-4f81-9823-5a309e223678', x'0a1966752d46514a564a74556763345a7761357458643676666778123e120470616765c2021966752d46514a564a74556763345a7761357458643676666778a2031961702d317556627a4a635570694a6a31685339346d6963496f', 1796032250438);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionPrecreate/454a8a76-6847-4739-a058-aff7e55efa9b', x'0a1966752d6f7952714a504768674269597937594e316e4459364b124112076e696768746c79c2021966752d6f7952714a504768674269597937594e316e4459364ba2031961702d317556627a4a635570694a6a31685339346d6963496f', 1796032250421);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionPrecreate/b827b844-0657-4406-a93d-83cebefffd09', x'0a1966752d7a66354561386b7a44436b64565342345a736f697a6812401206646f75626c65c2021966752d7a66354561386b7a44436b64565342345a736f697a68a2031961702d317556627a4a635570694a6a31685339346d6963496f', 1796032250362);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/FunctionPrecreate/c7d04aed-6c39-4111-aeeb-92ca193d83f7', x'0a1966752d644f336d47784a314c3238614f6c563039536b6b6a36124112074d6f64656c2e2ac2021966752d644f336d47784a314c3238614f6c563039536b6b6a36a2031961702d317556627a4a635570694a6a31685339346d6963496f', 1796032250462);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/MountGetOrCreate/b4cad5b8-3ca7-4823-9399-1c04b1a599b4', x'0a196d6f2d584c486741734a33424c62463273754f4350544b615512420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032250318);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/QueueGetOrCreate/f1ab3b56-bbe3-44ed-9e15-448d5b6f0480', x'0a1971752d6f45524a5a4f3969516556636242636141434433364812190a046a6f62731211094a0c7abe51c3da411206636c69656e74', 1796032249908);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/SecretGetOrCreate/9fd8db26-829f-411e-9a7e-371232b0bcad', x'0a1973742d71307752746f54594b345a445555315961413434413912280a036875621211093f3576be51c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032249848);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/VolumeGetOrCreate/3e19e3cd-9cd7-4a37-8c53-5687a66e9af0', x'0a19766f2d79524441696b6d654b6361384b6c425550756a58455810011a1e08011207776569676874731a1109022b77be51c3da411206636c69656e74', 1796032249863);
insert into "idempotency" values ('ak-AvAVAkJTBhOjqbSm71LC7Q/WebhookTokenCreate/3e4551bf-9429-482e-8ad0-54217db47e66', x'0a19776b2d664e36503834375537447832396742577a573046724a122e77732d5f704f64674a3373757a52435a7676466c647a453455705954654f694131666e786a4e53436c47534c6977', 1796032249831);
insert into "function_call" values ('fc-lRbZc6j49uqK42i8jc9fZ9', 'fu-zf5Ea8kzDCkdVSB4Zsoizh', 'ap-1uVbzJcUpiJj1hS94micIo', 1, 4, '', 'ak-AvAVAkJTBhOjqbSm71LC7Q/53e0c531-e6de-4cbe-88aa-645807672cd0', 1796032250525);
insert into "function_call" values ('fc-jcXz4xH7pAfYG07oNPobdL', 'fu-zf5Ea8kzDCkdVSB4Zsoizh', 'ap-1uVbzJcUpiJj1hS94micIo', 1, 4, '', 'ak-AvAVAkJTBhOjqbSm71LC7Q/46d9a52a-aa0b-4a60-aa0c-14d504768775', 1796032250664);
insert into "call_input" values ('in-P1ej73WZkZvtdFkmoLKJmI', 'fc-lRbZc6j49uqK42i8jc9fZ9', 0, x'0a06828115b900005004', 'finished', null, 0, 0, 1, null, 1796032250525, x'08012a02182a', 4, 'ta-XVTdVBu6ZbbzI9zv4Zaa4s', 1796032250.616, 1796032250.645, 1796032250645000, 1796032250645, '');
insert into "call_input" values ('in-S6UEWszvXR2IyK6L9i9Ihs', 'fc-jcXz4xH7pAfYG07oNPobdL', 0, x'0a06828104b900005004', 'pending', null, 0, 0, 0, null, 1796032250665, null, 0, '', 0, 0, null, null, '');
insert into "data_chunk" values ('fc-lRbZc6j49uqK42i8jc9fZ9', 1, x'120232302001');
insert into "data_chunk" values ('fc-lRbZc6j49uqK42i8jc9fZ9', 2, x'120232312002');
insert into "task" values ('ta-XVTdVBu6ZbbzI9zv4Zaa4s', 'fu-zf5Ea8kzDCkdVSB4Zsoizh', 'ap-1uVbzJcUpiJj1hS94micIo', 'double', 'im-8cqqICIj1aOrlHZNzcOv2O', 1, 0, 'wo-nya8Q4tszISjkbQ2MwBfJR', 'box', 'exited', 125, 128, '[]', 1796032250525, 1796032250602, 1796032250649, '[{"name":"queue","startedAtMs":1796032250525,"endedAtMs":1796032250527},{"name":"place","startedAtMs":1796032250527,"endedAtMs":1796032250579},{"name":"image","startedAtMs":1796032250579,"endedAtMs":1796032250603},{"name":"mount","startedAtMs":1796032250603,"endedAtMs":1796032250603.9998},{"name":"boot","startedAtMs":1796032250603.9998,"endedAtMs":1796032250603.9998},{"name":"enter","startedAtMs":1796032250603.9998,"endedAtMs":1796032250614},{"name":"first call","startedAtMs":1796032250614,"endedAtMs":1796032250645}]', 20, null, 0);
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250530001, x'0a1974612d58565464564275365a62627a49397a76345a61613473124c30023985eba1be51c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d58565464564275365a62627a49397a76345a616134737206646f75626c652a12313739363033323235303533303030312d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250612000, x'0a1974612d58565464564275365a62627a49397a76345a616134731255300739022ba7be51c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d58565464564275365a62627a49397a76345a616134737206646f75626c652a12313739363033323235303631323030302d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250614000, x'0a1974612d58565464564275365a62627a49397a76345a616134731239300439c74ba7be51c3da414a091801220572656164796a1974612d58565464564275365a62627a49397a76345a616134737206646f75626c652a12313739363033323235303631343030302d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250616000, x'0a1974612d58565464564275365a62627a49397a76345a61613473124a3004398b6ca7be51c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d58565464564275365a62627a49397a76345a616134737206646f75626c652a12313739363033323235303631363030302d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250647000, x'0a1974612d58565464564275365a62627a49397a76345a61613473120d0a09646f75626c696e670a40012a12313739363033323235303634373030302d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250650000, x'0a1974612d58565464564275365a62627a49397a76345a6161347312553005399a99a9be51c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d58565464564275365a62627a49397a76345a616134737206646f75626c652a12313739363033323235303635303030302d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250666000, x'0a1974612d785770467a56765a655964364c4738636f7078325671126a300139be9faabe51c3da414a3a180122366e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d785770467a56765a655964364c4738636f70783256717206646f75626c652a12313739363033323235303636363030302d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "task_log" values ('ap-1uVbzJcUpiJj1hS94micIo', 1796032250666001, x'0a1974612d785770467a56765a655964364c4738636f7078325671125a0a4d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a39be9faabe51c3da4140032a12313739363033323235303636363030312d305a1966752d7a66354561386b7a44436b64565342345a736f697a68');
insert into "named_object" values ('di-ReAIK1v4ytkj0WCK70kyvp', 'dict', 'main', 'state', null, 1796032249900, 'client');
insert into "named_object" values ('qu-oERJZO9iQeVcbBcaACD36H', 'queue', 'main', 'jobs', null, 1796032249907, 'client');
insert into "dict_entry" values ('di-ReAIK1v4ytkj0WCK70kyvp', x'6b', x'76');
insert into "queue_item" values (1796032249910000, 'qu-oERJZO9iQeVcbBcaACD36H', x'', 1796118649910, x'31');
insert into "queue_item" values (1796032249910001, 'qu-oERJZO9iQeVcbBcaACD36H', x'', 1796118649910, x'32');
insert into "recent_answer" values (1796032249904000, 'ak-AvAVAkJTBhOjqbSm71LC7Q/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032249911000, 'ak-AvAVAkJTBhOjqbSm71LC7Q/QueuePut/90874240-8345-4c9c-9fd6-c0b7db5fac16', x'');
insert into "app_version" values ('ap-1uVbzJcUpiJj1hS94micIo', 1, 0, '{"double":"fu-zf5Ea8kzDCkdVSB4Zsoizh","nightly":"fu-oyRqJPGhgBiYy7YN1nDY6K","page":"fu-FQJVJtUgc4Zwa5tXd6vfgx","Model.*":"fu-dO3mGxJ1L28aOlV09Skkj6"}', '{"Model":"cs-Drf7FjgOm8KE5oskLpIifx"}', '{"fu-zf5Ea8kzDCkdVSB4Zsoizh":"de-1XH2zAEfcju9NUfFY2MXCI","fu-oyRqJPGhgBiYy7YN1nDY6K":"de-eqZu2ilmDGS5pIGUoTO8Nw","fu-FQJVJtUgc4Zwa5tXd6vfgx":"de-gjrLrimGSxA6pCFTp131wH","fu-dO3mGxJ1L28aOlV09Skkj6":"de-xQzcuKZluBIARKR4IbNexk"}', '{}', 1796032250502, 'client', '', '', 0, null, 1);
insert into "function_definition" values ('de-1XH2zAEfcju9NUfFY2MXCI', 'fu-zf5Ea8kzDCkdVSB4Zsoizh', x'1206646f75626c651a196d6f2d584c486741734a33424c62463273754f4350544b61552219696d2d386371714943496a31614f726c485a4e7a634f76324f4002521973742d71307752746f54594b345a4455553159614134344139a801ac028a02210a19766f2d79524441696b6d654b6361384b6c425550756a58455812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-eqZu2ilmDGS5pIGUoTO8Nw', 'fu-oyRqJPGhgBiYy7YN1nDY6K', x'12076e696768746c792219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-gjrLrimGSxA6pCFTp131wH', 'fu-FQJVJtUgc4Zwa5tXd6vfgx', x'1204706167652219696d2d386371714943496a31614f726c485a4e7a634f76324f40027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-xQzcuKZluBIARKR4IbNexk', 'fu-dO3mGxJ1L28aOlV09Skkj6', x'12074d6f64656c2e2a2219696d2d386371714943496a31614f726c485a4e7a634f76324f4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-SDqZeDxeB91iLtC4YCopdg', 'laptop', x'e6db0acfd6eac4259ba0c7d250e86da5331dcec13957fea49974f068b3d59138', 1796032249813, null, null, 0, 'ak-AvAVAkJTBhOjqbSm71LC7Q', null);
insert into "environment" values ('en-CKBC3D5JEVo2eKsN2lpYuo', 'main', 'main', '', null, 1796032249632);
insert into "environment" values ('en-jCi4qAYmXvrBhDszk2s4BA', 'staging', 'staging', 'staging', null, 1796032249800);
insert into "mount_name" values ('main', 'code', 'mo-XLHgAsJ3BLbF2suOCPTKaU', 'client', 1796032250317);
insert into "schedule" values ('fu-oyRqJPGhgBiYy7YN1nDY6K', x'12022001', 1796032250513, 1796118650513);
insert into "image_tag" values ('ir-8uaisVODs8cdlPBPeeJVvc', 'main', 'base:latest', 'im-8cqqICIj1aOrlHZNzcOv2O', 'client', 1796032250179);
insert into "web_address" values ('trainer-page', 'ap-1uVbzJcUpiJj1hS94micIo', 'page', '', 44931, 1796032250448);
insert into "proxy_token" values ('wk-fN6P847U7Dx29gBWzW0FrJ', 'web', x'49c6fa2a05965a53ce16b0ab16a5f1fbec56e87697c55e9494d63bfd4e55c909', 1796032249830, null, 'ak-AvAVAkJTBhOjqbSm71LC7Q');
insert into "audit_entry" values (1, 1796032249792, 'environment.create', 'success', 'token', 'ak-AvAVAkJTBhOjqbSm71LC7Q', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796032249812, 'token.create', 'success', 'token', 'ak-AvAVAkJTBhOjqbSm71LC7Q', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796032249817, 'proxy-token.create', 'success', 'token', 'ak-AvAVAkJTBhOjqbSm71LC7Q', 'operator', null, '', '', '["web","wk-fN6P847U7Dx29gBWzW0FrJ"]', '');
insert into "audit_entry" values (4, 1796032249844, 'secret.create', 'success', 'token', 'ak-AvAVAkJTBhOjqbSm71LC7Q', 'operator', 'main', '', '', '["hub","st-q0wRtoTYK4ZDUU1YaA44A9"]', '');
insert into "audit_entry" values (5, 1796032250176, 'image.publish', 'success', 'token', 'ak-AvAVAkJTBhOjqbSm71LC7Q', 'operator', null, '', '', '["im-8cqqICIj1aOrlHZNzcOv2O","base:latest","ir-8uaisVODs8cdlPBPeeJVvc"]', '');
insert into "audit_entry" values (6, 1796032250491, 'app.deploy', 'success', 'token', 'ak-AvAVAkJTBhOjqbSm71LC7Q', 'operator', 'main', '', '', '["ap-1uVbzJcUpiJj1hS94micIo","trainer"]', '');
insert into "call_bytes" values (1796029200000, 64);
