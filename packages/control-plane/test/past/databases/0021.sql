-- 1796032168727
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:49:28.014Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:49:28.022Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:49:28.028Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:49:28.035Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:49:28.037Z');
insert into "kysely_migration" values ('0006-mount-names', '2026-11-30T09:49:28.038Z');
insert into "kysely_migration" values ('0007-schedules', '2026-11-30T09:49:28.048Z');
insert into "kysely_migration" values ('0008-images', '2026-11-30T09:49:28.049Z');
insert into "kysely_migration" values ('0009-web-addresses', '2026-11-30T09:49:28.050Z');
insert into "kysely_migration" values ('0010-credentials', '2026-11-30T09:49:28.071Z');
insert into "kysely_migration" values ('0011-restricted-tasks', '2026-11-30T09:49:28.074Z');
insert into "kysely_migration" values ('0015-log-entries', '2026-11-30T09:49:28.080Z');
insert into "kysely_migration" values ('0016-call-bytes', '2026-11-30T09:49:28.081Z');
insert into "kysely_migration" values ('0017-input-deaths', '2026-11-30T09:49:28.097Z');
insert into "kysely_migration" values ('0021-objects-of-apps', '2026-11-30T09:49:28.098Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-9R2PJ3giTs9EzdDL2edeny","nightly":"fu-ENc14BcMUhqquwWB19BVwc","page":"fu-xFkOb5LQhrtJLgf8sT0gzY","Model.*":"fu-j7QoUUHl3TaKH1qiCiixUh"}', '{"Model":"cs-t09JcmV68ie23yGWqYTdTP"}', '{}', 1796032168444, 1796032168499, null, '', '{}');
insert into "function" values ('fu-9R2PJ3giTs9EzdDL2edeny', 'ap-KkyldA8x5pgZY9u6dwQJG5', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d6333726f6179765961546368643448435161705269542219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002521973742d31344d78396849503757496d564f65464b663232474da801ac028a02210a19766f2d6d45306f666950636c4e3131764a4b357a4e4633425512042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-N7yGsojG54oOc8keXnzYEY', null, '', 1, null, 1796032168446);
insert into "function" values ('fu-ENc14BcMUhqquwWB19BVwc', 'ap-KkyldA8x5pgZY9u6dwQJG5', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-0ZxJQ7zpnF3XCnszPnUICD', null, '', 1, null, 1796032168453);
insert into "function" values ('fu-xFkOb5LQhrtJLgf8sT0gzY', 'ap-KkyldA8x5pgZY9u6dwQJG5', 'page', null, x'', null, 0, null, x'1204706167652219696d2d4e7336386b6a4d6f77564a763764664a31485a64433440027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-F9GN06iZLWqwfjEZvSOZCZ', null, '', 1, null, 1796032168463);
insert into "function" values ('fu-j7QoUUHl3TaKH1qiCiixUh', 'ap-KkyldA8x5pgZY9u6dwQJG5', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-AZd94bZTUrv2Uu6Jk00cQd', null, '', 1, null, 1796032168467);
insert into "class" values ('cs-t09JcmV68ie23yGWqYTdTP', 'ap-KkyldA8x5pgZY9u6dwQJG5', 1796032168496);
insert into "mount" values ('mo-c3roayvYaTchd4HCQapRiT', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-f3ggwnPLUJlJYUa7ppWBnM', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032168440, 1796032168440);
insert into "blob" values ('bl-o36dMJ9yW2U1uskP810kAv', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032168211, 'ak-pbEse5wfpN88zfPeTbr5Qw', null);
insert into "image" values ('im-Ns68kjMowVJv7dfJ1HZdC4', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-JvpAsEmSyMyC2He8bx9gJV"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 55, 1796032168330, 1796032168385, '{"packages":{}}');
insert into "image_log" values ('im-Ns68kjMowVJv7dfJ1HZdC4', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-14Mx9hIP7WImVOeFKf22GM', 'main', 'hub', null, '["HF_TOKEN"]', x'a4a7ab648f1f797f4be52c4849b702f7e2cc8622ba2e74a655d5b2fa3e9d8a4746921257e43d9a480e3abc6f32814c', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032168194, 1796032168522);
insert into "volume" values ('vo-mE0ofiPclN11vJK5zNF3BU', 'main', 'weights', 0, 1796032168198, 'client', null, 1, null);
insert into "volume_version" values ('vo-mE0ofiPclN11vJK5zNF3BU', 0, '', '[]', 'client', 0, 1796032168198);
insert into "volume_version" values ('vo-mE0ofiPclN11vJK5zNF3BU', 1, 'ly-3eRR4zLGKC0JXzFMLDDXcO', '["ly-3eRR4zLGKC0JXzFMLDDXcO"]', 'worker', 1, 1796032168204);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/AppCreate/app-1', x'0a1961702d4b6b796c644138783570675a593975366477514a4735122b60646f7269616e20617070206c6f67732061702d4b6b796c644138783570675a593975366477514a4735601a2b60646f7269616e20617070206c6f67732061702d4b6b796c644138783570675a593975366477514a473560', 1796032168445);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/AppPublish/f53f0880-2757-4789-978a-80dc5a9bcaaf', x'0a2b60646f7269616e20617070206c6f67732061702d4b6b796c644138783570675a593975366477514a473560219eef1faa51c3da41', 1796032168501);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/ClassCreate/a47b9a72-aefa-48c2-a819-5f2fe03c7f79', x'0a1963732d7430394a636d563638696532337947577159546454501200', 1796032168497);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/DictGetOrCreate/38c70f58-c9d1-42e2-821b-1dade1da14d8', x'0a1964692d5747444564685767445754547934594371686e6f4b73121a0a0573746174651211091b2f0daa51c3da411206636c69656e74', 1796032168206);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionCreate/0528373a-d889-46a3-8c82-b90f2a2e113a', x'0a1966752d454e63313442634d5568717175775742313942567763225c12076e696768746c792219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d454e63313442634d5568717175775742313942567763d2021964652d305a784a51377a706e463358436e737a506e55494344920301049a030104a2031961702d4b6b796c644138783570675a593975366477514a47353a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032168463);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionCreate/46df5beb-dd31-4f47-a56f-b628071bbb6d', x'0a1966752d395232504a336769547339457a64444c326564656e7922ad011206646f75626c651a196d6f2d6333726f6179765961546368643448435161705269542219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002521973742d31344d78396849503757496d564f65464b663232474da801ac028a02210a19766f2d6d45306f666950636c4e3131764a4b357a4e4633425512042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d395232504a336769547339457a64444c326564656e79d2021964652d4e377947736f6a4735346f4f63386b65586e7a594559920301049a030104a2031961702d4b6b796c644138783570675a593975366477514a47353ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d6333726f6179765961546368643448435161705269542219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002521973742d31344d78396849503757496d564f65464b663232474da801ac028a02210a19766f2d6d45306f666950636c4e3131764a4b357a4e4633425512042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032168451);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionCreate/53cfe5f0-76e1-4d36-92d9-e75204222f31', x'0a1966752d78466b4f62354c516872744a4c676638735430677a591216687474703a2f2f3132372e302e302e313a333530393722711204706167652219696d2d4e7336386b6a4d6f77564a763764664a31485a64433440027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3335303937fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3335303937c2021966752d78466b4f62354c516872744a4c676638735430677a59d2021964652d4639474e3036695a4c577177666a455a76534f5a435a920301049a030104a2031961702d4b6b796c644138783570675a593975366477514a47353ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a33353039375a070802120347455492017312711204706167652219696d2d4e7336386b6a4d6f77564a763764664a31485a64433440027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3335303937fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032168466);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionCreate/bf6125d5-10c1-4930-9c4d-24a62a1fe905', x'0a1966752d6a37516f5555486c3354614b48317169436969785568225812074d6f64656c2e2a2219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d6a37516f5555486c3354614b48317169436969785568d2021964652d415a643934625a54557276325575364a6b3030635164920301049a030104a2031961702d4b6b796c644138783570675a593975366477514a47353a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032168495);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionPrecreate/2ffe40f7-ecb5-4e11-9ba8-70cb297665aa', x'0a1966752d395232504a336769547339457a64444c326564656e7912401206646f75626c65c2021966752d395232504a336769547339457a64444c326564656e79a2031961702d4b6b796c644138783570675a593975366477514a4735', 1796032168447);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionPrecreate/cd3be6b3-821e-4a94-81a3-9db3ddad723a', x'0a1966752d78466b4f62354c516872744a4c676638735430677a59123e120470616765c2021966752d78466b4f62354c516872744a4c676638735430677a59a2031961702d4b6b796c644138783570675a593975366477514a4735', 1796032168463);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionPrecreate/d1c5b2c5-e79b-43bd-bfe3-b7fa2cd04460', x'0a1966752d6a37516f5555486c3354614b48317169436969785568124112074d6f64656c2e2ac2021966752d6a37516f5555486c3354614b48317169436969785568a2031961702d4b6b796c644138783570675a593975366477514a4735', 1796032168467);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/FunctionPrecreate/fa321b10-6aa3-4bae-94f7-59dd53587475', x'0a1966752d454e63313442634d5568717175775742313942567763124112076e696768746c79c2021966752d454e63313442634d5568717175775742313942567763a2031961702d4b6b796c644138783570675a593975366477514a4735', 1796032168456);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/MountGetOrCreate/df4ba8df-2a0a-4cdc-bd75-efdfd42a50b0', x'0a196d6f2d6333726f61797659615463686434484351617052695412420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032168443);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/QueueGetOrCreate/64c6134b-29e5-4241-abd7-60f48f17abae', x'0a1971752d69317068494d306d5a516e555334515733695a717a4d12190a046a6f6273121109df4f0daa51c3da411206636c69656e74', 1796032168209);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/SecretGetOrCreate/8ac4dfee-c393-4c4d-abf4-cb6c42da7cf3', x'0a1973742d31344d78396849503757496d564f65464b663232474d12280a036875621211097f6a0caa51c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032168195);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/VolumeGetOrCreate/72dc3577-3478-4493-a398-c460f1d49828', x'0a19766f2d6d45306f666950636c4e3131764a4b357a4e4633425510011a1e08011207776569676874731a110908ac0caa51c3da411206636c69656e74', 1796032168198);
insert into "idempotency" values ('ak-pbEse5wfpN88zfPeTbr5Qw/WebhookTokenCreate/c3f76c0e-1e8c-4bb3-9ee3-22c2691d83ca', x'0a19776b2d6b486f716c52697363696478313038656d3369327249122e77732d6d454f666d6448536a534e414654436a39716546444962745f78483842427758496c3535437a365a367659', 1796032168190);
insert into "function_call" values ('fc-9CKL8s35Qfa2WlUTyK3NKW', 'fu-9R2PJ3giTs9EzdDL2edeny', 'ap-KkyldA8x5pgZY9u6dwQJG5', 1, 4, '', 'ak-pbEse5wfpN88zfPeTbr5Qw/9103e9e2-4713-459a-8ed6-705b98c7c808', 1796032168511);
insert into "function_call" values ('fc-Sv8cPPb57xc4NwKMYdN03M', 'fu-9R2PJ3giTs9EzdDL2edeny', 'ap-KkyldA8x5pgZY9u6dwQJG5', 1, 4, '', 'ak-pbEse5wfpN88zfPeTbr5Qw/ae0d26b9-2865-4974-9577-908962ef82b4', 1796032168625);
insert into "call_input" values ('in-uGQYW2CtSL1HToWdcIMs8L', 'fc-9CKL8s35Qfa2WlUTyK3NKW', 0, x'0a04828115a05004', 'finished', null, 0, 0, 1, null, 1796032168511, x'08012a02182a', 4, 'ta-1cryWSFLCQf5vvqyDmsnXK', 1796032168.54, 1796032168.543, 1796032168544000, 1796032168544, '', 0, 0);
insert into "call_input" values ('in-rfsdAJn4v4t8pFXuHEHlwL', 'fc-Sv8cPPb57xc4NwKMYdN03M', 0, x'0a04828104a05004', 'pending', null, 0, 0, 0, null, 1796032168625, null, 0, '', 0, 0, null, null, '', 0, 0);
insert into "data_chunk" values ('fc-9CKL8s35Qfa2WlUTyK3NKW', 1, x'120232302001');
insert into "data_chunk" values ('fc-9CKL8s35Qfa2WlUTyK3NKW', 2, x'120232312002');
insert into "task" values ('ta-1cryWSFLCQf5vvqyDmsnXK', 'fu-9R2PJ3giTs9EzdDL2edeny', 'ap-KkyldA8x5pgZY9u6dwQJG5', 'double', 'im-Ns68kjMowVJv7dfJ1HZdC4', 1, 0, 'wo-OHZl4t3G4tYzzEV7jSu48F', 'box', 'exited', 125, 128, '[]', 1796032168511, 1796032168538, 1796032168605, '[{"name":"queue","startedAtMs":1796032168511,"endedAtMs":1796032168514},{"name":"place","startedAtMs":1796032168514,"endedAtMs":1796032168537},{"name":"image","startedAtMs":1796032168537,"endedAtMs":1796032168539},{"name":"mount","startedAtMs":1796032168539,"endedAtMs":1796032168540},{"name":"boot","startedAtMs":1796032168540,"endedAtMs":1796032168540},{"name":"enter","startedAtMs":1796032168540,"endedAtMs":1796032168540},{"name":"first call","startedAtMs":1796032168540,"endedAtMs":1796032168543}]', 20, null, 0);
insert into "named_object" values ('di-WGDEdhWgDWTTy4YCqhnoKs', 'dict', 'main', 'state', null, 1796032168206, 'client');
insert into "named_object" values ('qu-i1phIM0mZQnUS4QW3iZqzM', 'queue', 'main', 'jobs', null, 1796032168208, 'client');
insert into "dict_entry" values ('di-WGDEdhWgDWTTy4YCqhnoKs', x'6b', x'76');
insert into "queue_item" values (1796032168210000, 'qu-i1phIM0mZQnUS4QW3iZqzM', x'', 1796118568210, x'31');
insert into "queue_item" values (1796032168210001, 'qu-i1phIM0mZQnUS4QW3iZqzM', x'', 1796118568210, x'32');
insert into "recent_answer" values (1796032168208000, 'ak-pbEse5wfpN88zfPeTbr5Qw/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032168210000, 'ak-pbEse5wfpN88zfPeTbr5Qw/QueuePut/d77fbf9f-2b6c-4d92-b926-a619e41b6d8e', x'');
insert into "app_version" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 1, 0, '{"double":"fu-9R2PJ3giTs9EzdDL2edeny","nightly":"fu-ENc14BcMUhqquwWB19BVwc","page":"fu-xFkOb5LQhrtJLgf8sT0gzY","Model.*":"fu-j7QoUUHl3TaKH1qiCiixUh"}', '{"Model":"cs-t09JcmV68ie23yGWqYTdTP"}', '{"fu-9R2PJ3giTs9EzdDL2edeny":"de-N7yGsojG54oOc8keXnzYEY","fu-ENc14BcMUhqquwWB19BVwc":"de-0ZxJQ7zpnF3XCnszPnUICD","fu-xFkOb5LQhrtJLgf8sT0gzY":"de-F9GN06iZLWqwfjEZvSOZCZ","fu-j7QoUUHl3TaKH1qiCiixUh":"de-AZd94bZTUrv2Uu6Jk00cQd"}', '{}', 1796032168500, 'client', '', '', 0, null, 1, '{}');
insert into "function_definition" values ('de-N7yGsojG54oOc8keXnzYEY', 'fu-9R2PJ3giTs9EzdDL2edeny', x'1206646f75626c651a196d6f2d6333726f6179765961546368643448435161705269542219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002521973742d31344d78396849503757496d564f65464b663232474da801ac028a02210a19766f2d6d45306f666950636c4e3131764a4b357a4e4633425512042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-0ZxJQ7zpnF3XCnszPnUICD', 'fu-ENc14BcMUhqquwWB19BVwc', x'12076e696768746c792219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-F9GN06iZLWqwfjEZvSOZCZ', 'fu-xFkOb5LQhrtJLgf8sT0gzY', x'1204706167652219696d2d4e7336386b6a4d6f77564a763764664a31485a64433440027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-AZd94bZTUrv2Uu6Jk00cQd', 'fu-j7QoUUHl3TaKH1qiCiixUh', x'12074d6f64656c2e2a2219696d2d4e7336386b6a4d6f77564a763764664a31485a6443344002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-2dt1SCuLk9Kh1y9ukL--ug', 'laptop', x'cdde309ca5fd5b83134eefc9d065b6bd8870a75ba3bece3590971237660857ac', 1796032168187, null, null, 0, 'ak-pbEse5wfpN88zfPeTbr5Qw', null);
insert into "environment" values ('en-mWtHAg0IOB1J12RwCnzzHw', 'main', 'main', '', null, 1796032168130);
insert into "environment" values ('en-jaKDJJhYb4KsDTbhps9Byc', 'staging', 'staging', 'staging', null, 1796032168183);
insert into "mount_name" values ('main', 'code', 'mo-c3roayvYaTchd4HCQapRiT', 'client', 1796032168442);
insert into "schedule" values ('fu-ENc14BcMUhqquwWB19BVwc', x'12022001', 1796032168502, 1796118568502);
insert into "image_tag" values ('ir-c2Fk08HuYh3ro0rJSrnQGa', 'main', 'base:latest', 'im-Ns68kjMowVJv7dfJ1HZdC4', 'client', 1796032168403);
insert into "web_address" values ('trainer-page', 'ap-KkyldA8x5pgZY9u6dwQJG5', 'page', '', 35097, 1796032168466);
insert into "proxy_token" values ('wk-kHoqlRiscidx108em3i2rI', 'web', x'e05a2f942c6ec76773278fe3f3b6e095576109a8460b242abfc65d1489052fb1', 1796032168190, null, 'ak-pbEse5wfpN88zfPeTbr5Qw');
insert into "audit_entry" values (1, 1796032168181, 'environment.create', 'success', 'token', 'ak-pbEse5wfpN88zfPeTbr5Qw', 'operator', null, '', '', '["staging"]', '');
insert into "audit_entry" values (2, 1796032168186, 'token.create', 'success', 'token', 'ak-pbEse5wfpN88zfPeTbr5Qw', 'operator', null, '', '', '["laptop"]', '');
insert into "audit_entry" values (3, 1796032168189, 'proxy-token.create', 'success', 'token', 'ak-pbEse5wfpN88zfPeTbr5Qw', 'operator', null, '', '', '["web","wk-kHoqlRiscidx108em3i2rI"]', '');
insert into "audit_entry" values (4, 1796032168192, 'secret.create', 'success', 'token', 'ak-pbEse5wfpN88zfPeTbr5Qw', 'operator', 'main', '', '', '["hub","st-14Mx9hIP7WImVOeFKf22GM"]', '');
insert into "audit_entry" values (5, 1796032168392, 'image.publish', 'success', 'token', 'ak-pbEse5wfpN88zfPeTbr5Qw', 'operator', null, '', '', '["im-Ns68kjMowVJv7dfJ1HZdC4","base:latest","ir-c2Fk08HuYh3ro0rJSrnQGa"]', '');
insert into "audit_entry" values (6, 1796032168497, 'app.deploy', 'success', 'token', 'ak-pbEse5wfpN88zfPeTbr5Qw', 'operator', 'main', '', '', '["ap-KkyldA8x5pgZY9u6dwQJG5","trainer"]', '');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 1, 1796032168514, x'0a1974612d316372795753464c4351663576767179446d736e584b124c30023960e520aa51c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d316372795753464c4351663576767179446d736e584b7206646f75626c652a03312d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 2, 1796032168538, x'0a1974612d316372795753464c4351663576767179446d736e584b1255300739986e22aa51c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d316372795753464c4351663576767179446d736e584b7206646f75626c652a03322d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 3, 1796032168539, x'0a1974612d316372795753464c4351663576767179446d736e584b1239300439fa7e22aa51c3da414a091801220572656164796a1974612d316372795753464c4351663576767179446d736e584b7206646f75626c652a03332d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 4, 1796032168540, x'0a1974612d316372795753464c4351663576767179446d736e584b124a3004395c8f22aa51c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d316372795753464c4351663576767179446d736e584b7206646f75626c652a03342d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 5, 1796032168582, x'0a1974612d316372795753464c4351663576767179446d736e584b120d0a09646f75626c696e670a40012a03352d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 6, 1796032168605, x'0a1974612d316372795753464c4351663576767179446d736e584b125530053952b826aa51c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d316372795753464c4351663576767179446d736e584b7206646f75626c652a03362d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 7, 1796032168627, x'0a1974612d6d6e39594a68474371696f5469733759586370746566127a300139621028aa51c3da414a4a180122466e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d6d6e39594a68474371696f54697337595863707465667206646f75626c652a03372d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "task_log" values ('ap-KkyldA8x5pgZY9u6dwQJG5', 8, 1796032168627, x'0a1974612d6d6e39594a68474371696f5469733759586370746566126a0a5d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220746861742074616b657320776f726b20697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a39c52028aa51c3da4140032a03382d305a1966752d395232504a336769547339457a64444c326564656e79');
insert into "worker_log" values ('wo-OHZl4t3G4tYzzEV7jSu48F', 1, 1796032168582);
insert into "call_bytes" values (1796029200000, 64);
