-- 1796032222285
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
  ) strict;
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
  ) strict;
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
  ) strict;
CREATE TABLE "environment" (
    environment_id text primary key,
    name text unique,
    scope text not null unique,
    web_suffix text not null,
    image_builder_version text,
    created_at integer not null
  ) strict;
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:50:20.746Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:50:20.802Z');
insert into "kysely_migration" values ('0003-named-objects', '2026-11-30T09:50:20.817Z');
insert into "kysely_migration" values ('0004-calls', '2026-11-30T09:50:20.818Z');
insert into "kysely_migration" values ('0005-deployments', '2026-11-30T09:50:20.832Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "app" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-dkGPVTmLqxCspfZJsI4nOf","nightly":"fu-8Gsgbh88K9dyf6bvfR2TZ9","page":"fu-hloBx0v8apLu2ih0GMvduP","Model.*":"fu-P0Hx6zwtXa1DzJkydAJjUE"}', '{"Model":"cs-LDbuHklG3zDNYxTM6eSs4R"}', '{}', 1796032221128, 1796032221493, null, '');
insert into "function" values ('fu-dkGPVTmLqxCspfZJsI4nOf', 'ap-BLLNjTNqkgYV4q22Xsos6X', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d78594752634c614b356e43386b6734616136653678432219696d2d6a686d576a624f30785232307371715a637370334f594002521973742d326a43614b3445587070767435466a454a4f71423335a801ac028a02210a19766f2d4e415a5662637534433477306a65627933704264326f12042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-HLnRBOM73aR90E0OllkisV', null, '', 1, null, 1796032221132);
insert into "function" values ('fu-8Gsgbh88K9dyf6bvfR2TZ9', 'ap-BLLNjTNqkgYV4q22Xsos6X', 'nightly', null, x'', null, 0, null, x'12076e696768746c792219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79', 'de-RQ6e2klxnr9ntkO7Eo5hUI', null, '', 1, null, 1796032221251);
insert into "function" values ('fu-hloBx0v8apLu2ih0GMvduP', 'ap-BLLNjTNqkgYV4q22Xsos6X', 'page', null, x'', null, 0, null, x'1204706167652219696d2d6a686d576a624f30785232307371715a637370334f5940027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765', 'de-XDhYLvaYxwZTqJIXVwoN7n', null, '', 1, null, 1796032221335);
insert into "function" values ('fu-P0Hx6zwtXa1DzJkydAJjUE', 'ap-BLLNjTNqkgYV4q22Xsos6X', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-fRAWMXVuOslDGdjKtIVdRn', null, '', 1, null, 1796032221422);
insert into "class" values ('cs-LDbuHklG3zDNYxTM6eSs4R', 'ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221458);
insert into "mount" values ('mo-xYGRcLaK5nC8kg4aa6e6xC', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-mBa2NRYj7vH2mvzXRbNHOg', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032221100, 1796032221100);
insert into "blob" values ('bl-A8tiBrKrdyXFKJJL2tKmY3', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032220963);
insert into "image" values ('im-jhmWjbO0xR20sqqZcsp3OY', '594326a6baed143c7a07d60ac1132790d3a615d03e64ba87ac1c9e5d1f36d463', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"registry":"","input":""}', null, '["ly-6V7VcEqSOvSCITg1Gd2lo9"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 9, 1796032221082, 1796032221091);
insert into "image_log" values ('im-jhmWjbO0xR20sqqZcsp3OY', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-2jCaK4EXppvt5FjEJOqB35', 'main', 'hub', null, '["HF_TOKEN"]', x'd2ca3d5de38e0eae27af0c7201de41ab985254b84bc773b5231d629569aee2bd4328ee04871e143a428d569ce6984f', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032220952, 1796032221633);
insert into "volume" values ('vo-NAZVbcu4C4w0jeby3pBd2o', 'main', 'weights', 0, 1796032220954, 'client', null, 1, null);
insert into "volume_version" values ('vo-NAZVbcu4C4w0jeby3pBd2o', 0, '', '[]', 'client', 0, 1796032220955);
insert into "volume_version" values ('vo-NAZVbcu4C4w0jeby3pBd2o', 1, 'ly-ngadtsXincV0QVWQB0hfkT', '["ly-ngadtsXincV0QVWQB0hfkT"]', 'worker', 1, 1796032220958);
insert into "idempotency" values ('ak-test/AppCreate/app-1', x'0a1961702d424c4c4e6a544e716b6759563471323258736f733658', 1796032221128);
insert into "idempotency" values ('ak-test/AppPublish/19beb648-58a1-4985-bd24-523df730ac23', x'21508d5fb751c3da41', 1796032221524);
insert into "idempotency" values ('ak-test/ClassCreate/fb04c373-96e8-493a-ab56-04d449e11f77', x'0a1963732d4c446275486b6c47337a444e5978544d3665537334521200', 1796032221458);
insert into "idempotency" values ('ak-test/DictGetOrCreate/7a3ab5e5-5e84-42e0-a034-3cfc7e338ff0', x'0a1964692d644459766a6d3849316277773358494a4d4a4e354475121a0a05737461746512110942603db751c3da411206636c69656e74', 1796032220959);
insert into "idempotency" values ('ak-test/FunctionCreate/1c844403-607c-4f08-8c8e-3d94c72c8ff4', x'0a1966752d646b475056546d4c7178437370665a4a7349346e4f6622ad011206646f75626c651a196d6f2d78594752634c614b356e43386b6734616136653678432219696d2d6a686d576a624f30785232307371715a637370334f594002521973742d326a43614b3445587070767435466a454a4f71423335a801ac028a02210a19766f2d4e415a5662637534433477306a65627933704264326f12042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d646b475056546d4c7178437370665a4a7349346e4f66d2021964652d484c6e52424f4d37336152393045304f6c6c6b697356920301049a030104a2031961702d424c4c4e6a544e716b6759563471323258736f7336583ad0011206646f75626c65180240ac029201b00112ad011206646f75626c651a196d6f2d78594752634c614b356e43386b6734616136653678432219696d2d6a686d576a624f30785232307371715a637370334f594002521973742d326a43614b3445587070767435466a454a4f71423335a801ac028a02210a19766f2d4e415a5662637534433477306a65627933704264326f12042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65fa010408001800aa020104b2020104', 1796032221181);
insert into "idempotency" values ('ak-test/FunctionCreate/57dd406d-f52c-4647-8a0d-4306d7b26e1c', x'0a1966752d38477367626838384b39647966366276665232545a39225c12076e696768746c792219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c792a6712076e696768746c794002c2021966752d38477367626838384b39647966366276665232545a39d2021964652d52513665326b6c786e72396e746b4f37456f35685549920301049a030104a2031961702d424c4c4e6a544e716b6759563471323258736f7336583a850112076e696768746c79180240ac0292015e125c12076e696768746c792219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79a2010412022001fa010408001800aa020104b2020104', 1796032221298);
insert into "idempotency" values ('ak-test/FunctionCreate/58c89004-f293-4937-8126-69ce19393095', x'0a1966752d686c6f427830763861704c7532696830474d766475501216687474703a2f2f3132372e302e302e313a343038343922711204706167652219696d2d6a686d576a624f30785232307371715a637370334f5940027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3430383439fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a731204706167652a7d1204706167654002e20116687474703a2f2f3132372e302e302e313a3430383439c2021966752d686c6f427830763861704c7532696830474d76647550d2021964652d584468594c76615978775a54714a495856776f4e376e920301049a030104a2031961702d424c4c4e6a544e716b6759563471323258736f7336583ab101120470616765180240ac024a16687474703a2f2f3132372e302e302e313a34303834395a070802120347455492017312711204706167652219696d2d6a686d576a624f30785232307371715a637370334f5940027a0708021203474554a801ac02e20116687474703a2f2f3132372e302e302e313a3430383439fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765fa010408001800aa020104b2020104', 1796032221381);
insert into "idempotency" values ('ak-test/FunctionCreate/b9fd7304-3e62-4f59-aef0-535ee852dfc9', x'0a1966752d50304878367a7774586131447a4a6b7964414a6a5545225812074d6f64656c2e2a2219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d50304878367a7774586131447a4a6b7964414a6a5545d2021964652d665241574d5856754f736c4447646a4b74495664526e920301049a030104a2031961702d424c4c4e6a544e716b6759563471323258736f7336583a7c12074d6f64656c2e2a180240ac02680192015a125812074d6f64656c2e2a2219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2afa010408001800aa020104b2020104', 1796032221439);
insert into "idempotency" values ('ak-test/FunctionPrecreate/330bb856-b4c8-4a9b-b2c4-4c7907f23d99', x'0a1966752d686c6f427830763861704c7532696830474d76647550123e120470616765c2021966752d686c6f427830763861704c7532696830474d76647550a2031961702d424c4c4e6a544e716b6759563471323258736f733658', 1796032221336);
insert into "idempotency" values ('ak-test/FunctionPrecreate/496f25a9-4011-4fa4-bb3e-3bf941841fcb', x'0a1966752d50304878367a7774586131447a4a6b7964414a6a5545124112074d6f64656c2e2ac2021966752d50304878367a7774586131447a4a6b7964414a6a5545a2031961702d424c4c4e6a544e716b6759563471323258736f733658', 1796032221422);
insert into "idempotency" values ('ak-test/FunctionPrecreate/4c9efa85-c706-4bb7-b2c6-1a5dd15db165', x'0a1966752d38477367626838384b39647966366276665232545a39124112076e696768746c79c2021966752d38477367626838384b39647966366276665232545a39a2031961702d424c4c4e6a544e716b6759563471323258736f733658', 1796032221252);
insert into "idempotency" values ('ak-test/FunctionPrecreate/b9a85722-882e-474f-ae15-a1019660a75b', x'0a1966752d646b475056546d4c7178437370665a4a7349346e4f6612401206646f75626c65c2021966752d646b475056546d4c7178437370665a4a7349346e4f66a2031961702d424c4c4e6a544e716b6759563471323258736f733658', 1796032221133);
insert into "idempotency" values ('ak-test/MountGetOrCreate/f55d01bb-f760-4dba-9202-09108c99a588', x'0a196d6f2d78594752634c614b356e43386b67346161366536784312420a4062326638363331353664633335633764353762623365623938303065663636623236656263613035393232313239373831323133666361356235666233303236', 1796032221125);
insert into "idempotency" values ('ak-test/QueueGetOrCreate/f879b75d-a4db-4a88-ad35-0af763471b32', x'0a1971752d766934765a6e425833734b3943437479374974704b4312190a046a6f627312110906813db751c3da411206636c69656e74', 1796032220962);
insert into "idempotency" values ('ak-test/SecretGetOrCreate/48fdd6e3-4ace-4676-a6b0-0702bc6fc20d', x'0a1973742d326a43614b3445587070767435466a454a4f7142333512280a0368756212110991ed3cb751c3da411206636c69656e741a0848465f544f4b454e22046d61696e', 1796032220953);
insert into "idempotency" values ('ak-test/VolumeGetOrCreate/caa9cf7d-69fa-4865-a6cd-959c7c613fa0', x'0a19766f2d4e415a5662637534433477306a65627933704264326f10011a1e08011207776569676874731a1109560e3db751c3da411206636c69656e74', 1796032220955);
insert into "idempotency" values ('ak-test/WebhookTokenCreate/2b1ede05-3e17-486a-a397-ddca0c659b91', x'0a19776b2d36384c745a7637324e51616d3549304e6f7467675649122e77732d79417457494e7478742d5967377633746b53765664664c576c684e71746679584b38554c35756843575759', 1796032220950);
insert into "function_call" values ('fc-MlX8051Ksz78ssimmLDQGs', 'fu-dkGPVTmLqxCspfZJsI4nOf', 'ap-BLLNjTNqkgYV4q22Xsos6X', 1, 4, '', 'ak-test/872bc670-8084-4a2b-bacc-6f9e8ff30771', 1796032221604);
insert into "function_call" values ('fc-1J2nGJikK9razO6IuZOvmn', 'fu-dkGPVTmLqxCspfZJsI4nOf', 'ap-BLLNjTNqkgYV4q22Xsos6X', 1, 4, '', 'ak-test/a4ced336-e752-4506-bc94-d4e8705c12f9', 1796032221950);
insert into "call_input" values ('in-Mem8hkQjidZ3Zxr5XOcJN4', 'fc-MlX8051Ksz78ssimmLDQGs', 0, x'0a06828115b900005004', 'finished', null, 0, 0, 1, null, 1796032221604, x'08012a02182a', 4, 'ta-3RosBomRQuQvu4CkSHSEQH', 1796032221.758, 1796032221.854, 1796032221855000, 1796032221855, '');
insert into "call_input" values ('in-zFvDp4oVgPL706tgvaVQn7', 'fc-1J2nGJikK9razO6IuZOvmn', 0, x'0a06828104b900005004', 'pending', null, 0, 0, 0, null, 1796032221952, null, 0, '', 0, 0, null, null, '');
insert into "data_chunk" values ('fc-MlX8051Ksz78ssimmLDQGs', 1, x'120232302001');
insert into "data_chunk" values ('fc-MlX8051Ksz78ssimmLDQGs', 2, x'120232312002');
insert into "task" values ('ta-3RosBomRQuQvu4CkSHSEQH', 'fu-dkGPVTmLqxCspfZJsI4nOf', 'ap-BLLNjTNqkgYV4q22Xsos6X', 'double', 'im-jhmWjbO0xR20sqqZcsp3OY', 1, 0, 'wo-YZzYzaCt5fInHYlBpnNouV', 'box', 'exited', 125, 128, '[]', 1796032221604, 1796032221690, 1796032221938, '[{"name":"queue","startedAtMs":1796032221604,"endedAtMs":1796032221605},{"name":"place","startedAtMs":1796032221605,"endedAtMs":1796032221689},{"name":"image","startedAtMs":1796032221689,"endedAtMs":1796032221691},{"name":"mount","startedAtMs":1796032221691,"endedAtMs":1796032221692},{"name":"boot","startedAtMs":1796032221692,"endedAtMs":1796032221692},{"name":"enter","startedAtMs":1796032221692,"endedAtMs":1796032221692},{"name":"first call","startedAtMs":1796032221692,"endedAtMs":1796032221855}]', 20, null);
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221605001, x'0a1974612d33526f73426f6d52517551767534436b534853455148124c30023952b866b751c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d33526f73426f6d52517551767534436b5348534551487206646f75626c652a12313739363033323232313630353030312d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221690000, x'0a1974612d33526f73426f6d52517551767534436b5348534551481255300739f6286cb751c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d33526f73426f6d52517551767534436b5348534551487206646f75626c652a12313739363033323232313639303030302d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221691000, x'0a1974612d33526f73426f6d52517551767534436b534853455148123930043958396cb751c3da414a091801220572656164796a1974612d33526f73426f6d52517551767534436b5348534551487206646f75626c652a12313739363033323232313639313030302d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221758000, x'0a1974612d33526f73426f6d52517551767534436b534853455148124a300439128370b751c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d33526f73426f6d52517551767534436b5348534551487206646f75626c652a12313739363033323232313735383030302d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221856000, x'0a1974612d33526f73426f6d52517551767534436b534853455148120d0a09646f75626c696e670a40012a12313739363033323232313835363030302d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221938000, x'0a1974612d33526f73426f6d52517551767534436b534853455148125530053931087cb751c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d33526f73426f6d52517551767534436b5348534551487206646f75626c652a12313739363033323232313933383030302d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221952000, x'0a1974612d44343178566c627579725779683075356c7966337953126a30013991ed7cb751c3da414a3a180122366e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d44343178566c627579725779683075356c79663379537206646f75626c652a12313739363033323232313935323030302d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "task_log" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1796032221952001, x'0a1974612d44343178566c627579725779683075356c7966337953125a0a4d646f75626c652063616e6e6f742073746172743a206e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572602e0a3991ed7cb751c3da4140032a12313739363033323232313935323030312d305a1966752d646b475056546d4c7178437370665a4a7349346e4f66');
insert into "named_object" values ('di-dDYvjm8I1bww3XIJMJN5Du', 'dict', 'main', 'state', null, 1796032220959, 'client');
insert into "named_object" values ('qu-vi4vZnBX3sK9CCty7ItpKC', 'queue', 'main', 'jobs', null, 1796032220961, 'client');
insert into "dict_entry" values ('di-dDYvjm8I1bww3XIJMJN5Du', x'6b', x'76');
insert into "queue_item" values (1796032220963000, 'qu-vi4vZnBX3sK9CCty7ItpKC', x'', 1796118620963, x'31');
insert into "queue_item" values (1796032220963001, 'qu-vi4vZnBX3sK9CCty7ItpKC', x'', 1796118620963, x'32');
insert into "recent_answer" values (1796032220961000, 'ak-test/DictUpdate/update-1', x'0801');
insert into "recent_answer" values (1796032220963000, 'ak-test/QueuePut/d52891c4-d3f4-47c0-b916-43271f2e9541', x'');
insert into "app_version" values ('ap-BLLNjTNqkgYV4q22Xsos6X', 1, 0, '{"double":"fu-dkGPVTmLqxCspfZJsI4nOf","nightly":"fu-8Gsgbh88K9dyf6bvfR2TZ9","page":"fu-hloBx0v8apLu2ih0GMvduP","Model.*":"fu-P0Hx6zwtXa1DzJkydAJjUE"}', '{"Model":"cs-LDbuHklG3zDNYxTM6eSs4R"}', '{"fu-dkGPVTmLqxCspfZJsI4nOf":"de-HLnRBOM73aR90E0OllkisV","fu-8Gsgbh88K9dyf6bvfR2TZ9":"de-RQ6e2klxnr9ntkO7Eo5hUI","fu-hloBx0v8apLu2ih0GMvduP":"de-XDhYLvaYxwZTqJIXVwoN7n","fu-P0Hx6zwtXa1DzJkydAJjUE":"de-fRAWMXVuOslDGdjKtIVdRn"}', '{}', 1796032221494, 'client', '', '', 0, null, 1);
insert into "function_definition" values ('de-HLnRBOM73aR90E0OllkisV', 'fu-dkGPVTmLqxCspfZJsI4nOf', x'1206646f75626c651a196d6f2d78594752634c614b356e43386b6734616136653678432219696d2d6a686d576a624f30785232307371715a637370334f594002521973742d326a43614b3445587070767435466a454a4f71423335a801ac028a02210a19766f2d4e415a5662637534433477306a65627933704264326f12042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65');
insert into "function_definition" values ('de-RQ6e2klxnr9ntkO7Eo5hUI', 'fu-8Gsgbh88K9dyf6bvfR2TZ9', x'12076e696768746c792219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02c2040412022001fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312076e696768746c79');
insert into "function_definition" values ('de-XDhYLvaYxwZTqJIXVwoN7n', 'fu-hloBx0v8apLu2ih0GMvduP', x'1204706167652219696d2d6a686d576a624f30785232307371715a637370334f5940027a0708021203474554a801ac02fa040408001800ba050104c205010482f104150a0d2f726f6f742f6170702e6d6a73120470616765');
insert into "function_definition" values ('de-fRAWMXVuOslDGdjKtIVdRn', 'fu-P0Hx6zwtXa1DzJkydAJjUE', x'12074d6f64656c2e2a2219696d2d6a686d576a624f30785232307371715a637370334f594002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a');
insert into "token" values ('ak-XjUp-OcKMxsukJ2Q6a4esg', 'laptop', x'c6a9062ed6caca564d86993d3efacb5c8037c6ffc61584d8255dc6c684d515a6', 1796032220948, null);
insert into "environment" values ('en-mEfjF1c1esd2k53PfO1i3m', 'main', 'main', '', null, 1796032220918);
insert into "environment" values ('en-p7EhiaSe7WzxrkCruFD3a5', 'staging', 'staging', 'staging', null, 1796032220947);
