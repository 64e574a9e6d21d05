-- 1796032828526
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T10:00:26.654Z', '0.1.0');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T10:00:26.664Z', '0.1.0');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T10:00:26.665Z', '0.1.0');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T10:00:26.674Z', '0.1.0');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T10:00:26.681Z', '0.1.0');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T10:00:26.681Z', '0.1.0');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T10:00:26.681Z', '0.1.0');
insert into "kysely_migration" values ('0008-images', '2026-11-30T10:00:26.682Z', '0.1.0');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T10:00:26.682Z', '0.1.0');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T10:00:26.700Z', '0.1.0');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T10:00:26.700Z', '0.1.0');
insert into "kysely_migration" values ('0015-log-entries', '2026-11-30T10:00:26.702Z', '0.1.0');
insert into "kysely_migration" values ('0016-call-bytes', '2026-11-30T10:00:26.702Z', '0.1.0');
insert into "kysely_migration" values ('0017-input-deaths', '2026-11-30T10:00:26.703Z', '0.1.0');
insert into "kysely_migration" values ('0021-objects-of-apps', '2026-11-30T10:00:26.704Z', '0.1.0');
insert into "kysely_migration" values ('0022-versions', '2026-11-30T10:00:26.705Z', '0.1.0');
insert into "app" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-BDgEXhPK6kyPqbwalCNLol","nightly":"fu-EQG6Dt1L7DoSfKO2SwUYO9","page":"fu-2w0ZUM1Ku0tXX4aIih7ojd","Model.*":"fu-Bag6Y2FNnW4NiOcBm6Y2iJ"}', '{"Model":"cs-mVbyFc5jH8bC5RyrJCYvSl"}', '{}', 1796032827932, 1796032828069, null, '', '{}');
insert into "function" values ('fu-BDgEXhPK6kyPqbwalCNLol', 'ap-OHlrFsWOuOmtLctcZh7e0m', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d356f6a7249375552454e396230695a636a42686d6d792219696d2d6151616c3661474e4f726d476637664f47653776476c4002521973742d7145736779374b394c7a633245524630547a5a6b5a71a801ac028a02210a19766f2d67304232535a4347674a39615a6a4e4a6b583747326612042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-2st9SDWDI53fW64JyRYcii', null, '', 1, null, 1796032827935);
insert into "function" values ('fu-EQG6Dt1L7DoSfKO2SwUYO9', 'ap-OHlrFsWOuOmtLctcZh7e0m', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-eyJDoQcmiOTNlc1YeHbv4Z', null, '', 1, null, 1796032827949);
insert into "function" values ('fu-2w0ZUM1Ku0tXX4aIih7ojd', 'ap-OHlrFsWOuOmtLctcZh7e0m', 'page', null, x'', null, 0, null, x'1204706167652219696d2d6151616c3661474e4f726d476637664f47653776476c40027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-N77i1iMPEiqY3LrbHe2CVU', null, '', 1, null, 1796032827990);
insert into "function" values ('fu-Bag6Y2FNnW4NiOcBm6Y2iJ', 'ap-OHlrFsWOuOmtLctcZh7e0m', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-gWHomyXaSE1BrUlWc6QwMj', null, '', 1, null, 1796032828055);
insert into "class" values ('cs-mVbyFc5jH8bC5RyrJCYvSl', 'ap-OHlrFsWOuOmtLctcZh7e0m', 1796032828064);
insert into "mount" values ('mo-5ojrI7UREN9b0iZcjBhmmy', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-SGYXTRcLJpxLcdrZIIVXkv', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032827868, 1796032827868);
insert into "blob" values ('bl-fcY4VX8r091UkGMtEVk4Cl', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032827365, 'ak-rl3vUwukVPFly0t2bHbhCA', null);
insert into "image" values ('im-aQal6aGNOrmGf7fOGe7vGl', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-fVxsBZBZYifqPj78oFh0CW"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 169, 1796032827638, 1796032827807, '{"packages":{}}');
insert into "image_log" values ('im-aQal6aGNOrmGf7fOGe7vGl', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-qEsgy7K9Lzc2ERF0TzZkZq', 'main', 'hub', null, '["HF_TOKEN"]', x'c6f38e6520adc945af11cd8dca91676f03cdd40ffd8d79dc5fdff80e626a592f3adfdc474c65ea82baa97fb170de27', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032826933, 1796032828171);
insert into "volume" values ('vo-g0B2SZCGgJ9aZjNJkX7G2f', 'main', 'weights', 0, 1796032827038, 'client', null, 1, null);
insert into "volume_version" values ('vo-g0B2SZCGgJ9aZjNJkX7G2f', 0, '', '[]', 'client', 0, 1796032827038);
insert into "volume_version" values ('vo-g0B2SZCGgJ9aZjNJkX7G2f', 1, 'ly-5IesoCpomll0jvm10eHznU', '["ly-5IesoCpomll0jvm10eHznU"]', 'worker', 1, 1796032827333);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/AppCreate/app-1', x'0a1961702d4f486c724673574f754f6d744c6374635a683765306d122b60646f7269616e20617070206c6f67732061702d4f486c724673574f754f6d744c6374635a683765306d601a2b60646f7269616e20617070206c6f67732061702d4f486c724673574f754f6d744c6374635a683765306d60', 1796032827933);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/AppPublish/0f24dbb8-cdcd-4d77-8e5b-fa0b76751da6', x'0a2b60646f7269616e20617070206c6f67732061702d4f486c724673574f754f6d744c6374635a683765306d60217f6a044f52c3da41', 1796032828075);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/ClassCreate/0aa5c06e-b683-4728-89ea-24d7ea6cc98e', x'0a1963732d6d5662794663356a48386243355279724a435976536c1200', 1796032828064);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/DictGetOrCreate/79a5967e-ff56-420d-8d45-6a36cc8016b8', x'0a1964692d416576776b4667354a655155556362494643436a7267121a0a0573746174651211094260d54e52c3da411206636c69656e74', 1796032827335);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionCreate/2c695bf2-ca8e-4eb3-bdf0-01ef52536561', x'0a1966752d424467455868504b366b7950716277616c434e4c6f6c22ad011206646f75626c651a196d6f2d356f6a7249375552454e396230695a636a42686d6d792219696d2d6151616c3661474e4f726d476637664f47653776476c4002521973742d7145736779374b394c7a633245524630547a5a6b5a71a801ac028a02210a19766f2d67304232535a4347674a39615a6a4e4a6b583747326612042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d424467455868504b366b7950716277616c434e4c6f6cd2021964652d3273743953445744493533665736344a795259636969920301049a030104a2031961702d4f486c724673574f754f6d744c6374635a683765306d3ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d356f6a7249375552454e396230695a636a42686d6d792219696d2d6151616c3661474e4f726d476637664f47653776476c4002521973742d7145736779374b394c7a633245524630547a5a6b5a71a801ac028a02210a19766f2d67304232535a4347674a39615a6a4e4a6b583747326612042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032827947);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionCreate/3e603152-243f-4f80-99ff-7e77912acc7d', x'0a1966752d3277305a554d314b75307458583461496968376f6a641216687474703a2f2f3132372e302e302e313a333934323522711204706167652219696d2d6151616c3661474e4f726d476637664f47653776476c40027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3339343235fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3339343235c2021966752d3277305a554d314b75307458583461496968376f6a64d2021964652d4e37376931694d5045697159334c7262486532435655920301049a030104a2031961702d4f486c724673574f754f6d744c6374635a683765306d3ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a33393432355a070802120347455492017312711204706167652219696d2d6151616c3661474e4f726d476637664f47653776476c40027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3339343235fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032828047);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionCreate/5e7e32bc-9804-4501-a38a-56a1f2b1f6ca', x'0a1966752d455147364474314c37446f53664b4f32537755594f39225c12076e696768746c792219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d455147364474314c37446f53664b4f32537755594f39d2021964652d65794a446f51636d694f544e6c63315965486276345a920301049a030104a2031961702d4f486c724673574f754f6d744c6374635a683765306d3a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032827974);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionCreate/f39e1352-1dcb-481c-811b-7322445ab0a3', x'0a1966752d426167365932464e6e57344e694f63426d365932694a225812074d6f64656c2e2a2219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d426167365932464e6e57344e694f63426d365932694ad2021964652d6757486f6d7958615345314272556c57633651774d6a920301049a030104a2031961702d4f486c724673574f754f6d744c6374635a683765306d3a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032828060);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionPrecreate/2e20974b-2085-47dd-9f6e-745df6b47524', x'0a1966752d455147364474314c37446f53664b4f32537755594f39124112076e696768746c79c2021966752d455147364474314c37446f53664b4f32537755594f39a2031961702d4f486c724673574f754f6d744c6374635a683765306d', 1796032827970);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionPrecreate/add51101-d94d-467a-9424-135405e43614', x'0a1966752d426167365932464e6e57344e694f63426d365932694a124112074d6f64656c2e2ac2021966752d426167365932464e6e57344e694f63426d365932694aa2031961702d4f486c724673574f754f6d744c6374635a683765306d', 1796032828055);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionPrecreate/e627bddd-c644-48fb-a0be-f23a2b432956', x'0a1966752d3277305a554d314b75307458583461496968376f6a64123e120470616765c2021966752d3277305a554d314b75307458583461496968376f6a64a2031961702d4f486c724673574f754f6d744c6374635a683765306d', 1796032827990);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/FunctionPrecreate/eb4ac141-1710-4784-a34e-84336db9a295', x'0a1966752d424467455868504b366b7950716277616c434e4c6f6c12401206646f75626c65c2021966752d424467455868504b366b7950716277616c434e4c6f6ca2031961702d4f486c724673574f754f6d744c6374635a683765306d', 1796032827936);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/MountGetOrCreate/37aeae50-91cd-4dbd-b251-8708f58de1ab', x'0a196d6f2d356f6a7249375552454e396230695a636a42686d6d7912420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032827907);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/QueueGetOrCreate/3441546a-83bb-4af5-9b3b-44661dd1d9fa', x'0a1971752d71644f387261534472444b72684c67596d653164394612190a046a6f6273121109dd24d64e52c3da411206636c69656e74', 1796032827346);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/SecretGetOrCreate/479641b0-6189-46d2-9921-7ef13138ae40', x'0a1973742d7145736779374b394c7a633245524630547a5a6b5a7112280a0368756212110946b6bb4e52c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032826952);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/VolumeGetOrCreate/80cd6b14-9da7-40b2-a336-09debb8d3bb3', x'0a19766f2d67304232535a4347674a39615a6a4e4a6b583747326610011a1e08011207776569676874731a1109986ec24e52c3da411206636c69656e74', 1796032827096);
insert into "idempotency" values ('ak-rl3vUwukVPFly0t2bHbhCA/WebhookTokenCreate/24704275-f2a9-47d4-9ccd-6be6f503e90c', x'0a19776b2d374c7a4e6a4e78667966715751664d4e506130743233122e77732d775a6f33623567565064775a514b565862637a416436735342394c423070594139667667364b476c47766f', 1796032826874);
insert into "function_call" values ('fc-UNAiwCcYLvsdaIwbKhFOMO', 'fu-BDgEXhPK6kyPqbwalCNLol', 'ap-OHlrFsWOuOmtLctcZh7e0m', 1, 4, '', 'ak-rl3vUwukVPFly0t2bHbhCA/0041d05e-8c24-41ef-818d-9ab740610fcb', 1796032828133);
insert into "function_call" values ('fc-W7yu6R22Ig8SkmUz2l564b', 'fu-BDgEXhPK6kyPqbwalCNLol', 'ap-OHlrFsWOuOmtLctcZh7e0m', 1, 4, '', 'ak-rl3vUwukVPFly0t2bHbhCA/3c0f4b77-29b8-4d6f-bd47-fb7d9057207e', 1796032828420);
insert into "call_input" values ('in-HvQz5MfUpBbOLEaEQ5DL13', 'fc-UNAiwCcYLvsdaIwbKhFOMO', 0, x'0a04828115a05004', 'finished', null, 0, 0, 1, null, 1796032828133, x'08012a02182a', 4, 'ta-vgJsJldCiilgGOmJBYSKpd', 1796032828.202, 1796032828.237, 1796032828237000, 1796032828237, '', 0, 0);
insert into "call_input" values ('in-T7f0tFcDYnldEzdFx4fKi6', 'fc-W7yu6R22Ig8SkmUz2l564b', 0, x'0a04828104a05004', 'pending', null, 0, 0, 0, null, 1796032828420, null, 0, '', 0, 0, null, null, '', 0, 0);
insert into "data_chunk" values ('fc-UNAiwCcYLvsdaIwbKhFOMO', 1, x'120232302001');
insert into "data_chunk" values ('fc-UNAiwCcYLvsdaIwbKhFOMO', 2, x'120232312002');
insert into "task" values ('ta-vgJsJldCiilgGOmJBYSKpd', 'fu-BDgEXhPK6kyPqbwalCNLol', 'ap-OHlrFsWOuOmtLctcZh7e0m', 'double', 'im-aQal6aGNOrmGf7fOGe7vGl', 1, 0, 'wo-qdmYIwCRRYa97J3x75ePm3', 'box', 'exited', 125, 128, '[]', 1796032828133, 1796032828192, 1796032828409, '[{"name":"queue","startedAtMs":1796032828133,"endedAtMs":1796032828139},{"name":"place","startedAtMs":1796032828139,"endedAtMs":1796032828192},{"name":"image","startedAtMs":1796032828192,"endedAtMs":1796032828192.9998},{"name":"mount","startedAtMs":1796032828192.9998,"endedAtMs":1796032828193.9998},{"name":"boot","startedAtMs":1796032828193.9998,"endedAtMs":1796032828193.9998},{"name":"enter","startedAtMs":1796032828193.9998,"endedAtMs":1796032828200},{"name":"first call","startedAtMs":1796032828200,"endedAtMs":1796032828237}]', 20, null, 0);
insert into "named_object" values ('di-AevwkFg5JeQUUcbIFCCjrg', 'dict', 'main', 'state', null, 1796032827334, 'client');
insert into "named_object" values ('qu-qdO8raSDrDKrhLgYme1d9F', 'queue', 'main', 'jobs', null, 1796032827346, 'client');
insert into "dict_entry" values ('di-AevwkFg5JeQUUcbIFCCjrg', x'6b', x'76');
insert into "queue_item" values (1796032827363000, 'qu-qdO8raSDrDKrhLgYme1d9F', x'', 1796119227363, x'31');
insert into "queue_item" values (1796032827363001, 'qu-qdO8raSDrDKrhLgYme1d9F', x'', 1796119227363, x'32');
insert into "recent_answer" values (1796032827342000, 'ak-rl3vUwukVPFly0t2bHbhCA/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032827363000, 'ak-rl3vUwukVPFly0t2bHbhCA/QueuePut/dc496f4f-a7f8-41ac-b0db-81465cb4683b', x'');
insert into "app_version" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 1, 0, '{"double":"fu-BDgEXhPK6kyPqbwalCNLol","nightly":"fu-EQG6Dt1L7DoSfKO2SwUYO9","page":"fu-2w0ZUM1Ku0tXX4aIih7ojd","Model.*":"fu-Bag6Y2FNnW4NiOcBm6Y2iJ"}', '{"Model":"cs-mVbyFc5jH8bC5RyrJCYvSl"}', '{"fu-BDgEXhPK6kyPqbwalCNLol":"de-2st9SDWDI53fW64JyRYcii","fu-EQG6Dt1L7DoSfKO2SwUYO9":"de-eyJDoQcmiOTNlc1YeHbv4Z","fu-2w0ZUM1Ku0tXX4aIih7ojd":"de-N77i1iMPEiqY3LrbHe2CVU","fu-Bag6Y2FNnW4NiOcBm6Y2iJ":"de-gWHomyXaSE1BrUlWc6QwMj"}', '{}', 1796032828071, 'client', '', '', 0, null, 1, '{}');
insert into "function_definition" values ('de-2st9SDWDI53fW64JyRYcii', 'fu-BDgEXhPK6kyPqbwalCNLol', x'1206646f75626c651a196d6f2d356f6a7249375552454e396230695a636a42686d6d792219696d2d6151616c3661474e4f726d476637664f47653776476c4002521973742d7145736779374b394c7a633245524630547a5a6b5a71a801ac028a02210a19766f2d67304232535a4347674a39615a6a4e4a6b583747326612042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-eyJDoQcmiOTNlc1YeHbv4Z', 'fu-EQG6Dt1L7DoSfKO2SwUYO9', x'12076e696768746c792219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-N77i1iMPEiqY3LrbHe2CVU', 'fu-2w0ZUM1Ku0tXX4aIih7ojd', x'1204706167652219696d2d6151616c3661474e4f726d476637664f47653776476c40027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-gWHomyXaSE1BrUlWc6QwMj', 'fu-Bag6Y2FNnW4NiOcBm6Y2iJ', x'12074d6f64656c2e2a2219696d2d6151616c3661474e4f726d476637664f47653776476c4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-RjVzMmVbdZDVm1imJz3TsQ', 'laptop', x'57c2216bc0d7d30b62bc85f98d5872e5fa50b02cd8da433edab0010a4195b32b', 1796032826794, null, null, 0, 'ak-rl3vUwukVPFly0t2bHbhCA', null);
insert into "environment" values ('en-5aCzSMysmOetKo3nzXA9eU', 'main', 'main', '', null, 1796032826727);
insert into "environment" values ('en-HoIFoPSx3R12Pk5oQnu6o0', 'staging', 'staging', 'staging', null, 1796032826789);
insert into "mount_name" values ('main', 'code', 'mo-5ojrI7UREN9b0iZcjBhmmy', 'client', 1796032827906);
insert into "schedule" values ('fu-EQG6Dt1L7DoSfKO2SwUYO9', x'12022001', 1796032828081, 1796119228081);
insert into "image_tag" values ('ir-hHUvkuEWsTq9JgHwUxv3HH', 'main', 'base:latest', 'im-aQal6aGNOrmGf7fOGe7vGl', 'client', 1796032827835);
insert into "web_address" values ('trainer-page', 'ap-OHlrFsWOuOmtLctcZh7e0m', 'page', '', 39425, 1796032828036);
insert into "proxy_token" values ('wk-7LzNjNxfyfqWQfMNPa0t23', 'web', x'3fe9befc5231b160c3108f5a369e675e325c0b527dffdbba1a2013a8bb3141ca', 1796032826874, null, 'ak-rl3vUwukVPFly0t2bHbhCA');
insert into "audit_entry" values (1, 1796032826788, 'environment.create', 'success', 'token', 'ak-rl3vUwukVPFly0t2bHbhCA', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796032826791, 'token.create', 'success', 'token', 'ak-rl3vUwukVPFly0t2bHbhCA', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796032826872, 'proxy-token.create', 'success', 'token', 'ak-rl3vUwukVPFly0t2bHbhCA', 'operator', null, '', '', '["web","wk-7LzNjNxfyfqWQfMNPa0t23"]', '');
insert into "audit_entry" values (4, 1796032826888, 'secret.create', 'success', 'token', 'ak-rl3vUwukVPFly0t2bHbhCA', 'operator', 'main', '', '', '["hub","st-qEsgy7K9Lzc2ERF0TzZkZq"]', '');
insert into "audit_entry" values (5, 1796032827809, 'image.publish', 'success', 'token', 'ak-rl3vUwukVPFly0t2bHbhCA', 'operator', null, '', '', '["im-aQal6aGNOrmGf7fOGe7vGl","base:latest","ir-hHUvkuEWsTq9JgHwUxv3HH"]', '');
insert into "audit_entry" values (6, 1796032828067, 'app.deploy', 'success', 'token', 'ak-rl3vUwukVPFly0t2bHbhCA', 'operator', 'main', '', '', '["ap-OHlrFsWOuOmtLctcZh7e0m","trainer"]', '');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 1, 1796032828140, x'0a1974612d76674a734a6c644369696c67474f6d4a4259534b7064124c30023960e5084f52c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d76674a734a6c644369696c67474f6d4a4259534b70647206646f75626c652a03312d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 2, 1796032828193, x'0a1974612d76674a734a6c644369696c67474f6d4a4259534b706412553007391d5a0c4f52c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d76674a734a6c644369696c67474f6d4a4259534b70647206646f75626c652a03322d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 3, 1796032828200, x'0a1974612d76674a734a6c644369696c67474f6d4a4259534b70641239300439cdcc0c4f52c3da414a091801220572656164796a1974612d76674a734a6c644369696c67474f6d4a4259534b70647206646f75626c652a03332d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 4, 1796032828202, x'0a1974612d76674a734a6c644369696c67474f6d4a4259534b7064124a30043991ed0c4f52c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d76674a734a6c644369696c67474f6d4a4259534b70647206646f75626c652a03342d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 5, 1796032828379, x'0a1974612d76674a734a6c644369696c67474f6d4a4259534b7064120d0a09646f75626c696e670a40012a03352d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 6, 1796032828409, x'0a1974612d76674a734a6c644369696c67474f6d4a4259534b706412553005390e2d1a4f52c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d76674a734a6c644369696c67474f6d4a4259534b70647206646f75626c652a03362d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 7, 1796032828433, x'0a1974612d326475343137735835754c30484d697a683339324866127a30013946b61b4f52c3da414a4a180122466e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d326475343137735835754c30484d697a6833393248667206646f75626c652a03372d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "task_log" values ('ap-OHlrFsWOuOmtLctcZh7e0m', 8, 1796032828434, x'0a1974612d326475343137735835754c30484d697a683339324866126a0a5d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a39a8c61b4f52c3da4140032a03382d305a1966752d424467455868504b366b7950716277616c434e4c6f6c');
insert into "worker_log" values ('wo-qdmYIwCRRYa97J3x75ePm3', 1, 1796032828379);
insert into "call_bytes" values (1796032800000, 64);
