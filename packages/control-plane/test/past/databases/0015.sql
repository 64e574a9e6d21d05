-- 1796032297397
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:51:36.239Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:51:36.241Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:51:36.244Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:51:36.245Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:51:36.254Z');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T09:51:36.255Z');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T09:51:36.256Z');
insert into "kysely_migration" values ('0008-images', '2026-11-30T09:51:36.258Z');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T09:51:36.259Z');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T09:51:36.268Z');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T09:51:36.269Z');
insert into "kysely_migration" values ('0015-log-entries', '2026-11-30T09:51:36.272Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-vRYF04wJREqhJfn7q9RIrc', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-a6tpJmLYCucOz6ws9ZyGzF","nightly":"fu-81ag5NM4ERf7jOjh7hSlvd","page":"fu-pa1be0ajWeZTVWiOgA2ldJ","Model.*":"fu-MTajgVHEGdWJYtggZZpSKV"}', '{"Model":"cs-L8EIIOp5tNj19m8XjCiroR"}', '{}', 1796032296761, 1796032296998, null, '');
insert into "function" values ('fu-a6tpJmLYCucOz6ws9ZyGzF', 'ap-vRYF04wJREqhJfn7q9RIrc', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d74676b43427038435a537a394754697a4d52737661762219696d2d773070364b64416c4f6741616a38484a386b4f5873654002521973742d5241756a6f767045744837486b6e684846346b397876a801ac028a02210a19766f2d4c6673594564386b42524a435637684545334258595412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-Ip2kKjZg1dQvPZzV1uf9Dn', null, '', 1, null, 1796032296783);
insert into "function" values ('fu-81ag5NM4ERf7jOjh7hSlvd', 'ap-vRYF04wJREqhJfn7q9RIrc', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-fHAF06vny7KvZyTSgrSyOj', null, '', 1, null, 1796032296836);
insert into "function" values ('fu-pa1be0ajWeZTVWiOgA2ldJ', 'ap-vRYF04wJREqhJfn7q9RIrc', 'page', null, x'', null, 0, null, x'1204706167652219696d2d773070364b64416c4f6741616a38484a386b4f58736540027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-4sljnWHl1l66XApARGJx4f', null, '', 1, null, 1796032296856);
insert into "function" values ('fu-MTajgVHEGdWJYtggZZpSKV', 'ap-vRYF04wJREqhJfn7q9RIrc', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-WyaRY4XSIk9SkWVdkTUPm1', null, '', 1, null, 1796032296902);
insert into "class" values ('cs-L8EIIOp5tNj19m8XjCiroR', 'ap-vRYF04wJREqhJfn7q9RIrc', 1796032296926);
insert into "mount" values ('mo-tgkCBp8CZSz9GTizMRsvav', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-jlls2ege5nXOrzVaoQjTNM', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032296741, 1796032296741);
insert into "blob" values ('bl-FdLCikHHwuGNv5CI2BG0pp', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032296415, 'ak-ZkovB_JSEBtv0McV5MbZcw', null);
insert into "image" values ('im-w0p6KdAlOgAaj8HJ8kOXse', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-Mfo8VtlUfQwLh7x8khUAYY"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 98, 1796032296545, 1796032296643, '{"packages":{}}');
insert into "image_log" values ('im-w0p6KdAlOgAaj8HJ8kOXse', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-RAujovpEtH7HknhHF4k9xv', 'main', 'hub', null, '["HF_TOKEN"]', x'2c9cfef7caa61af44437d25e37b8aa2ce71e554b3a3db485e947731327231aa453a546b9a317298a8265743928d352', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032296379, 1796032297182);
insert into "volume" values ('vo-LfsYEd8kBRJCV7hEE3BXYT', 'main', 'weights', 0, 1796032296398, 'client', null, 1, null);
insert into "volume_version" values ('vo-LfsYEd8kBRJCV7hEE3BXYT', 0, '', '[]', 'client', 0, 1796032296399);
insert into "volume_version" values ('vo-LfsYEd8kBRJCV7hEE3BXYT', 1, 'ly-9Um7vUJFYtn3qZVcU5IRfX', '["ly-9Um7vUJFYtn3qZVcU5IRfX"]', 'worker', 1, 1796032296407);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/AppCreate/app-1', x'0a1961702d765259463034774a524571684a666e37713952497263122b60646f7269616e20617070206c6f67732061702d765259463034774a524571684a666e37713952497263601a2b60646f7269616e20617070206c6f67732061702d765259463034774a524571684a666e3771395249726360', 1796032296762);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/AppPublish/7bfa742d-2f6b-403d-834c-4470761d2439', x'0a2b60646f7269616e20617070206c6f67732061702d765259463034774a524571684a666e3771395249726360213bdf3fca51c3da41', 1796032297047);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/ClassCreate/c2b9ff43-64f7-4d00-91e4-30368cdc4b7f', x'0a1963732d4c384549494f7035744e6a31396d38586a4369726f521200', 1796032296926);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/DictGetOrCreate/19d510af-5302-4b2b-8b60-0488419404f7', x'0a1964692d6a644461556648456d63534755366771756839683271121a0a057374617465121109ac1c1aca51c3da411206636c69656e74', 1796032296409);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionCreate/0e896862-1474-4ebb-a47d-1a3ccc54062e', x'0a1966752d4d54616a675648454764574a597467675a5a70534b56225812074d6f64656c2e2a2219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d4d54616a675648454764574a597467675a5a70534b56d2021964652d5779615259345853496b39536b5756646b5455506d31920301049a030104a2031961702d765259463034774a524571684a666e377139524972633a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032296919);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionCreate/3ef14f36-e8ea-4bc2-9ee0-f0838a324132', x'0a1966752d613674704a6d4c594375634f7a367773395a79477a4622ad011206646f75626c651a196d6f2d74676b43427038435a537a394754697a4d52737661762219696d2d773070364b64416c4f6741616a38484a386b4f5873654002521973742d5241756a6f767045744837486b6e684846346b397876a801ac028a02210a19766f2d4c6673594564386b42524a435637684545334258595412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d613674704a6d4c594375634f7a367773395a79477a46d2021964652d4970326b4b6a5a6731645176505a7a5631756639446e920301049a030104a2031961702d765259463034774a524571684a666e377139524972633ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d74676b43427038435a537a394754697a4d52737661762219696d2d773070364b64416c4f6741616a38484a386b4f5873654002521973742d5241756a6f767045744837486b6e684846346b397876a801ac028a02210a19766f2d4c6673594564386b42524a435637684545334258595412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032296818);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionCreate/5d6bb8ef-9da0-4a48-9ee7-00cf9ff9e34f', x'0a1966752d706131626530616a57655a545657694f6741326c644a1216687474703a2f2f3132372e302e302e313a343530323322711204706167652219696d2d773070364b64416c4f6741616a38484a386b4f58736540027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3435303233fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3435303233c2021966752d706131626530616a57655a545657694f6741326c644ad2021964652d34736c6a6e57486c316c36365841704152474a783466920301049a030104a2031961702d765259463034774a524571684a666e377139524972633ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a34353032335a070802120347455492017312711204706167652219696d2d773070364b64416c4f6741616a38484a386b4f58736540027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3435303233fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032296898);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionCreate/91733f23-4af8-4178-aaf4-c186003aaf5e', x'0a1966752d38316167354e4d34455266376a4f6a683768536c7664225c12076e696768746c792219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d38316167354e4d34455266376a4f6a683768536c7664d2021964652d664841463036766e79374b765a795453677253794f6a920301049a030104a2031961702d765259463034774a524571684a666e377139524972633a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032296853);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionPrecreate/3db68e7a-2750-4bb8-8f77-34d87744f74d', x'0a1966752d38316167354e4d34455266376a4f6a683768536c7664124112076e696768746c79c2021966752d38316167354e4d34455266376a4f6a683768536c7664a2031961702d765259463034774a524571684a666e37713952497263', 1796032296837);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionPrecreate/a4609206-5392-4297-9822-7c5fed8bcedb', x'0a1966752d613674704a6d4c594375634f7a367773395a79477a4612401206646f75626c65c2021966752d613674704a6d4c594375634f7a367773395a79477a46a2031961702d765259463034774a524571684a666e37713952497263', 1796032296787);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionPrecreate/c9ae5911-2dac-4a24-af3b-1858b2fe3e3e', x'0a1966752d706131626530616a57655a545657694f6741326c644a123e120470616765c2021966752d706131626530616a57655a545657694f6741326c644aa2031961702d765259463034774a524571684a666e37713952497263', 1796032296856);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/FunctionPrecreate/d778a8b3-5c9b-4864-94f5-613fb2eb4ff8', x'0a1966752d4d54616a675648454764574a597467675a5a70534b56124112074d6f64656c2e2ac2021966752d4d54616a675648454764574a597467675a5a70534b56a2031961702d765259463034774a524571684a666e37713952497263', 1796032296902);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/MountGetOrCreate/43e7ceeb-7e2e-406a-ba0b-89df008e5184', x'0a196d6f2d74676b43427038435a537a394754697a4d527376617612420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032296753);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/QueueGetOrCreate/1e706d47-fe2d-443c-897e-8142916595da', x'0a1971752d4479505a7844585a4c584f6349437a786652435a716f12190a046a6f6273121109355e1aca51c3da411206636c69656e74', 1796032296412);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/SecretGetOrCreate/30f39417-0f8d-46de-bf57-a261e7132438', x'0a1973742d5241756a6f767045744837486b6e684846346b39787612280a03687562121109894118ca51c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032296380);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/VolumeGetOrCreate/40386103-9953-47f1-af9e-443c1eb1e22b', x'0a19766f2d4c6673594564386b42524a435637684545334258595410011a1e08011207776569676874731a1109d57819ca51c3da411206636c69656e74', 1796032296400);
insert into "idempotency" values ('ak-ZkovB_JSEBtv0McV5MbZcw/WebhookTokenCreate/2cc217d5-b182-424e-af89-2cdc525626f6', x'0a19776b2d344f434857366b5852394568755535524d326a42414e122e77732d797a43526f5668755345416175793162416162366273786f4b476e31625374784b526b62514a644e794951', 1796032296368);
insert into "function_call" values ('fc-vYcA7LEljsjZcvkmK0T1Zj', 'fu-a6tpJmLYCucOz6ws9ZyGzF', 'ap-vRYF04wJREqhJfn7q9RIrc', 1, 4, '', 'ak-ZkovB_JSEBtv0McV5MbZcw/3441f5d1-dbc4-41be-8bd8-5eb86f7f565d', 1796032297156);
insert into "function_call" values ('fc-Z8fES3RitWOlrtymDD0LV0', 'fu-a6tpJmLYCucOz6ws9ZyGzF', 'ap-vRYF04wJREqhJfn7q9RIrc', 1, 4, '', 'ak-ZkovB_JSEBtv0McV5MbZcw/0acb9b05-080c-4f5f-8454-35e5a2cf8b78', 1796032297272);
insert into "call_input" values ('in-lSLQId0VsDX9rBzCFmuhz0', 'fc-vYcA7LEljsjZcvkmK0T1Zj', 0, x'0a04828115a05004', 'finished', null, 0, 0, 1, null, 1796032297156, x'08012a02182a', 4, 'ta-yoGx4LowU7Vz8LxDeO7Tto', 1796032297.22, 1796032297.24, 1796032297242000, 1796032297242, '');
insert into "call_input" values ('in-BHXD3fV93DhPIiAjS8bNbJ', 'fc-Z8fES3RitWOlrtymDD0LV0', 0, x'0a04828104a05004', 'pending', null, 0, 0, 0, null, 1796032297272, null, 0, '', 0, 0, null, null, '');
insert into "data_chunk" values ('fc-vYcA7LEljsjZcvkmK0T1Zj', 1, x'120232302001');
insert into "data_chunk" values ('fc-vYcA7LEljsjZcvkmK0T1Zj', 2, x'120232312002');
insert into "task" values ('ta-yoGx4LowU7Vz8LxDeO7Tto', 'fu-a6tpJmLYCucOz6ws9ZyGzF', 'ap-vRYF04wJREqhJfn7q9RIrc', 'double', 'im-w0p6KdAlOgAaj8HJ8kOXse', 1, 0, 'wo-yIhjEywS7wV8eyuhE8YfBg', 'box', 'exited', 125, 128, '[]', 1796032297156, 1796032297207, 1796032297262, '[{"name":"queue","startedAtMs":1796032297156,"endedAtMs":1796032297159},{"name":"place","startedAtMs":1796032297159,"endedAtMs":1796032297200},{"name":"image","startedAtMs":1796032297200,"endedAtMs":1796032297208},{"name":"mount","startedAtMs":1796032297208,"endedAtMs":1796032297208.9998},{"name":"boot","startedAtMs":1796032297208.9998,"endedAtMs":1796032297208.9998},{"name":"enter","startedAtMs":1796032297208.9998,"endedAtMs":1796032297212},{"name":"first call","startedAtMs":1796032297212,"endedAtMs":1796032297241}]', 20, null, 0);
insert into "named_object" values ('di-jdDaUfHEmcSGU6gquh9h2q', 'dict', 'main', 'state', null, 1796032296408, 'client');
insert into "named_object" values ('qu-DyPZxDXZLXOcICzxfRCZqo', 'queue', 'main', 'jobs', null, 1796032296412, 'client');
insert into "dict_entry" values ('di-jdDaUfHEmcSGU6gquh9h2q', x'6b', x'76');
insert into "queue_item" values (1796032296414000, 'qu-DyPZxDXZLXOcICzxfRCZqo', x'', 1796118696414, x'31');
insert into "queue_item" values (1796032296414001, 'qu-DyPZxDXZLXOcICzxfRCZqo', x'', 1796118696414, x'32');
insert into "recent_answer" values (1796032296411000, 'ak-ZkovB_JSEBtv0McV5MbZcw/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032296414000, 'ak-ZkovB_JSEBtv0McV5MbZcw/QueuePut/17278f75-79ec-41ef-9bc4-b50b423d1382', x'');
insert into "app_version" values ('ap-vRYF04wJREqhJfn7q9RIrc', 1, 0, '{"double":"fu-a6tpJmLYCucOz6ws9ZyGzF","nightly":"fu-81ag5NM4ERf7jOjh7hSlvd","page":"fu-pa1be0ajWeZTVWiOgA2ldJ","Model.*":"fu-MTajgVHEGdWJYtggZZpSKV"}', '{"Model":"cs-L8EIIOp5tNj19m8XjCiroR"}', '{"fu-a6tpJmLYCucOz6ws9ZyGzF":"de-Ip2kKjZg1dQvPZzV1uf9Dn","fu-81ag5NM4ERf7jOjh7hSlvd":"de-fHAF06vny7KvZyTSgrSyOj","fu-pa1be0ajWeZTVWiOgA2ldJ":"de-4sljnWHl1l66XApARGJx4f","fu-MTajgVHEGdWJYtggZZpSKV":"de-WyaRY4XSIk9SkWVdkTUPm1"}', '{}', 1796032297034, 'client', '', '', 0, null, 1);
insert into "function_definition" values ('de-Ip2kKjZg1dQvPZzV1uf9Dn', 'fu-a6tpJmLYCucOz6ws9ZyGzF', x'1206646f75626c651a196d6f2d74676b43427038435a537a394754697a4d52737661762219696d2d773070364b64416c4f6741616a38484a386b4f5873654002521973742d5241756a6f767045744837486b6e684846346b397876a801ac028a02210a19766f2d4c6673594564386b42524a435637684545334258595412042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-fHAF06vny7KvZyTSgrSyOj', 'fu-81ag5NM4ERf7jOjh7hSlvd', x'12076e696768746c792219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-4sljnWHl1l66XApARGJx4f', 'fu-pa1be0ajWeZTVWiOgA2ldJ', x'1204706167652219696d2d773070364b64416c4f6741616a38484a386b4f58736540027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-WyaRY4XSIk9SkWVdkTUPm1', 'fu-MTajgVHEGdWJYtggZZpSKV', x'12074d6f64656c2e2a2219696d2d773070364b64416c4f6741616a38484a386b4f5873654002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-MftKDKeRZX9tNR7AeRXb8Q', 'laptop', x'7043793682a0774c2f7cdc44408d7e48a75dcb9d3849e04ed6e32850d47a1741', 1796032296362, null, null, 0, 'ak-ZkovB_JSEBtv0McV5MbZcw', null);
insert into "environment" values ('en-7YnmcycYhuOPEemIbrYLct', 'main', 'main', '', null, 1796032296302);
insert into "environment" values ('en-W5NIcUwlez9pbKDTmnRzH5', 'staging', 'staging', 'staging', null, 1796032296358);
insert into "mount_name" values ('main', 'code', 'mo-tgkCBp8CZSz9GTizMRsvav', 'client', 1796032296753);
insert into "schedule" values ('fu-81ag5NM4ERf7jOjh7hSlvd', x'12022001', 1796032297087, 1796118697087);
insert into "image_tag" values ('ir-RDLY25H7LTCawwPxWlvII7', 'main', 'base:latest', 'im-w0p6KdAlOgAaj8HJ8kOXse', 'client', 1796032296670);
insert into "web_address" values ('trainer-page', 'ap-vRYF04wJREqhJfn7q9RIrc', 'page', '', 45023, 1796032296871);
insert into "proxy_token" values ('wk-4OCHW6kXR9EhuU5RM2jBAN', 'web', x'85d180c6c9c3b606cc9b3096cbe0f7e648c573dd63822c2e50a2ef75b449f7d9', 1796032296368, null, 'ak-ZkovB_JSEBtv0McV5MbZcw');
insert into "audit_entry" values (1, 1796032296356, 'environment.create', 'success', 'token', 'ak-ZkovB_JSEBtv0McV5MbZcw', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796032296361, 'token.create', 'success', 'token', 'ak-ZkovB_JSEBtv0McV5MbZcw', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796032296365, 'proxy-token.create', 'success', 'token', 'ak-ZkovB_JSEBtv0McV5MbZcw', 'operator', null, '', '', '["web","wk-4OCHW6kXR9EhuU5RM2jBAN"]', '');
insert into "audit_entry" values (4, 1796032296373, 'secret.create', 'success', 'token', 'ak-ZkovB_JSEBtv0McV5MbZcw', 'operator', 'main', '', '', '["hub","st-RAujovpEtH7HknhHF4k9xv"]', '');
insert into "audit_entry" values (5, 1796032296652, 'image.publish', 'success', 'token', 'ak-ZkovB_JSEBtv0McV5MbZcw', 'operator', null, '', '', '["im-w0p6KdAlOgAaj8HJ8kOXse","base:latest","ir-RDLY25H7LTCawwPxWlvII7"]', '');
insert into "audit_entry" values (6, 1796032296929, 'app.deploy', 'success', 'token', 'ak-ZkovB_JSEBtv0McV5MbZcw', 'operator', 'main', '', '', '["ap-vRYF04wJREqhJfn7q9RIrc","trainer"]', '');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 1, 1796032297162, x'0a1974612d796f4778344c6f775537567a384c7844654f3754746f124c300239355e4aca51c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d796f4778344c6f775537567a384c7844654f3754746f7206646f75626c652a03312d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 2, 1796032297208, x'0a1974612d796f4778344c6f775537567a384c7844654f3754746f1255300739df4f4dca51c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d796f4778344c6f775537567a384c7844654f3754746f7206646f75626c652a03322d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 3, 1796032297212, x'0a1974612d796f4778344c6f775537567a384c7844654f3754746f123930043968914dca51c3da414a091801220572656164796a1974612d796f4778344c6f775537567a384c7844654f3754746f7206646f75626c652a03332d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 4, 1796032297220, x'0a1974612d796f4778344c6f775537567a384c7844654f3754746f124a3004397b144eca51c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d796f4778344c6f775537567a384c7844654f3754746f7206646f75626c652a03342d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 5, 1796032297253, x'0a1974612d796f4778344c6f775537567a384c7844654f3754746f120d0a09646f75626c696e670a40012a03352d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 6, 1796032297262, x'0a1974612d796f4778344c6f775537567a384c7844654f3754746f12553005399cc450ca51c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d796f4778344c6f775537567a384c7844654f3754746f7206646f75626c652a03362d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 7, 1796032297280, x'0a1974612d72656f7275496f5834625731715943756f7966734651127a30013985eb51ca51c3da414a4a180122466e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d72656f7275496f5834625731715943756f79667346517206646f75626c652a03372d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "task_log" values ('ap-vRYF04wJREqhJfn7q9RIrc', 8, 1796032297280, x'0a1974612d72656f7275496f5834625731715943756f7966734651126a0a5d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a3985eb51ca51c3da4140032a03382d305a1966752d613674704a6d4c594375634f7a367773395a79477a46');
insert into "worker_log" values ('wo-yIhjEywS7wV8eyuhE8YfBg', 1, 1796032297253);
