-- 1796032309089
CREATE TABLE "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null);
CREATE TABLE "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null);
CREATE TABLE environment (
    environment_id text primary key,
    name text not null unique,
    created_at integer not null
  ) strict;
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
  ) strict;
CREATE UNIQUE INDEX secret_name on secret (environment, name) where name is not null;
CREATE TABLE volume (
    volume_id text primary key,
    environment text not null,
    name text,
    ephemeral integer not null,
    created_at integer not null,
    created_by text not null,
    deleted_at integer
  ) strict;
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
  ) strict;
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
insert into "kysely_migration" values ('0001-catalog', '2026-11-30T09:51:48.584Z');
insert into "kysely_migration" values ('0002-dispatch', '2026-11-30T09:51:48.587Z');
insert into "kysely_migration_lock" values ('migration_lock', 0);
insert into "environment" values ('en-oim64uBFBhGJPleUY3waxP', 'main', 1796032308604);
insert into "app" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 'main', 'trainer', 'trainer', 3, 1, '{"double":"fu-ExdxXqRN93mJRRm00T7wJc","Model.*":"fu-izulcuXZWaGU4XWu5rP47m"}', '{"Model":"cs-nBZ0IyU2pD6zWWmxZ3Mz57"}', '{}', 1796032308691, 1796032308728, null, '');
insert into "function" values ('fu-ExdxXqRN93mJRRm00T7wJc', 'ap-XFt39rY6xzvZ1xHkzjDixU', 'double', null, x'', null, 0, null, x'1206646f75626c651a196d6f2d51734d684d314d7a54754752627244303443617137752219696d2d516c5336786577544f357759734847443264734d654d4002521973742d69714a47524a474a6c4b464f6a4b3675387674625543a801ac028a02210a19766f2d69724e546a654a47754353725855674f774b4242725812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c65', 'de-hUZZSdguuepxAdzUrQaURz', null, '', 1, null, 1796032308693);
insert into "function" values ('fu-izulcuXZWaGU4XWu5rP47m', 'ap-XFt39rY6xzvZ1xHkzjDixU', 'Model.*', null, x'', null, 0, null, x'12074d6f64656c2e2a2219696d2d516c5336786577544f357759734847443264734d654d4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a', 'de-OsTbtYKGir4Xt6E249cpT0', null, '', 1, null, 1796032308708);
insert into "class" values ('cs-nBZ0IyU2pD6zWWmxZ3Mz57', 'ap-XFt39rY6xzvZ1xHkzjDixU', 1796032308724);
insert into "mount" values ('mo-QsMhM1MzTuGRbrD04Caq7u', 'b2f863156dc35c7d57bb3eb9800ef66b26ebca05922129781213fca5b5fb3026', 'ly-xCmmy2M1oP3nWhtElw0521', '[{"path":"/root/app.mjs","sha256":"f4c5cf9bb78e85f15dc27180260637cf24b2a24bc39e0788783a3accc4dde614","mode":420}]', 1796032308689, 1796032308689);
insert into "blob" values ('bl-yYKcpUJTaKkzchG364AJZc', '277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9', 5, 1796032308636);
insert into "image" values ('im-QlS6xewTO5wYsHGD2dsMeM', 'b6f9d5352921e5fcc083fc75e7930f53f5d3bfd883ac4bd5ba8969c006864db7', 1, 'ready', ' step 0', '{"base":"","commands":["FROM debian:bookworm-slim"],"contextFiles":{},"contextMount":"","secrets":[],"buildArgs":{},"gpu":"","volumes":[],"builderVersion":"","definition":"","globals":{},"input":""}', null, '["ly-Skkez8tgc4jmQnTQxQlvfL"]', x'12052f726f6f74', x'0801', 'FROM debian:bookworm-slim', 0, 8, 1796032308671, 1796032308680);
insert into "image_log" values ('im-QlS6xewTO5wYsHGD2dsMeM', 1, x'0a0870756c6c696e670a4001');
insert into "secret" values ('st-iqJGRJGJlKFOjK6u8vtbUC', 'main', 'hub', null, '["HF_TOKEN"]', x'b706fa43c395deaded3e06efedb342dfce13b08712462fe536f7e09821542048b288d862e0290eb1ca065c46637a87', '6c0090dcd4e6c0f9756bdca882e16df2b117035714c8ba4cb34fef657f484e08', 1796032308628);
insert into "volume" values ('vo-irNTjeJGuCSrXUgOwKBBrX', 'main', 'weights', 0, 1796032308632, 'client', null);
insert into "volume_version" values ('vo-irNTjeJGuCSrXUgOwKBBrX', 0, '', '[]', 'client', 0, 1796032308632);
insert into "volume_version" values ('vo-irNTjeJGuCSrXUgOwKBBrX', 1, 'ly-ZUARyUUUAJteZbKu9oqAi5', '["ly-ZUARyUUUAJteZbKu9oqAi5"]', 'worker', 1, 1796032308636);
insert into "idempotency" values ('ak-test/AppCreate/app-1', x'0a1961702d5846743339725936787a765a3178486b7a6a44697855', 1796032308692);
insert into "idempotency" values ('ak-test/AppPublish/935ae1c2-7779-4bce-8c05-2eddb209f307', x'218d972ecd51c3da41', 1796032308757);
insert into "idempotency" values ('ak-test/ClassCreate/dbb9d8d2-f426-40eb-a94b-7875c9958c16', x'0a1963732d6e425a30497955327044367a57576d785a334d7a35371200', 1796032308724);
insert into "idempotency" values ('ak-test/FunctionCreate/6743e43c-4891-4b24-9eb0-1f0336d7371d', x'0a1966752d697a756c6375585a576147553458577535725034376d225812074d6f64656c2e2a2219696d2d516c5336786577544f357759734847443264734d654d4002a801ac02a80301fa040408001800ba050104c205010482f104180a0d2f726f6f742f6170702e6d6a7312074d6f64656c2e2a2a6712074d6f64656c2e2a4002c2021966752d697a756c6375585a576147553458577535725034376dd2021964652d4f73546274594b476972345874364532343963705430920301049a030104a2031961702d5846743339725936787a765a3178486b7a6a44697855', 1796032308723);
insert into "idempotency" values ('ak-test/FunctionCreate/eec18bff-0105-49e1-8152-65a90dc8874b', x'0a1966752d457864785871524e39336d4a52526d30305437774a6322ad011206646f75626c651a196d6f2d51734d684d314d7a54754752627244303443617137752219696d2d516c5336786577544f357759734847443264734d654d4002521973742d69714a47524a474a6c4b464f6a4b3675387674625543a801ac028a02210a19766f2d69724e546a654a47754353725855674f774b4242725812042f766f6cfa040408001800ba050104c205010482f104170a0d2f726f6f742f6170702e6d6a731206646f75626c652a661206646f75626c654002c2021966752d457864785871524e39336d4a52526d30305437774a63d2021964652d68555a5a536467757565707841647a5572516155527a920301049a030104a2031961702d5846743339725936787a765a3178486b7a6a44697855', 1796032308698);
insert into "idempotency" values ('ak-test/FunctionPrecreate/5b754bcf-4e7b-48e4-9450-23b9226b2687', x'0a1966752d697a756c6375585a576147553458577535725034376d124112074d6f64656c2e2ac2021966752d697a756c6375585a576147553458577535725034376da2031961702d5846743339725936787a765a3178486b7a6a44697855', 1796032308708);
insert into "idempotency" values ('ak-test/FunctionPrecreate/605f7c7d-f374-4b70-b467-c236abb1aefb', x'0a1966752d457864785871524e39336d4a52526d30305437774a6312401206646f75626c65c2021966752d457864785871524e39336d4a52526d30305437774a63a2031961702d5846743339725936787a765a3178486b7a6a44697855', 1796032308694);
insert into "idempotency" values ('ak-test/SecretGetOrCreate/61966d9d-bbc9-446a-ae52-cbc771301a9f', x'0a1973742d69714a47524a474a6c4b464f6a4b367538767462554312180a03687562121109273128cd51c3da411206636c69656e74', 1796032308630);
insert into "idempotency" values ('ak-test/VolumeGetOrCreate/72388f56-f55f-4754-a803-ea8c987979e0', x'0a19766f2d69724e546a654a47754353725855674f774b4242725810021a1e08021207776569676874731a1109b07228cd51c3da411206636c69656e74', 1796032308632);
insert into "function_call" values ('fc-fkjw0sgp3GUUYPVM7yMhqI', 'fu-ExdxXqRN93mJRRm00T7wJc', 'ap-XFt39rY6xzvZ1xHkzjDixU', 1, 4, '', 'ak-test/7c2b6db1-fb39-471e-ae1c-b56e85d01d8c', 1796032308802);
insert into "function_call" values ('fc-RgpWfIRZw4o6rQZVpWXEoo', 'fu-ExdxXqRN93mJRRm00T7wJc', 'ap-XFt39rY6xzvZ1xHkzjDixU', 1, 4, '', 'ak-test/c89df3e6-64d1-4eb7-983b-1ec7dad10825', 1796032309043);
insert into "call_input" values ('in-wPPuO6Z2MYdpGvRIEu7Zhl', 'fc-fkjw0sgp3GUUYPVM7yMhqI', 0, x'0a06828115b900005004', 'finished', null, 0, 0, 1, null, 1796032308802, x'08012a02182a', 4, 'ta-TmXi0hNbROTXutzt0iQfM3', 1796032308.973, 1796032308.99, 1796032308990000, 1796032308990);
insert into "call_input" values ('in-Spj5DLu7b2rUK8Z5BMH94r', 'fc-RgpWfIRZw4o6rQZVpWXEoo', 0, x'0a06828104b900005004', 'pending', null, 0, 0, 0, null, 1796032309043, null, 0, '', 0, 0, null, null);
insert into "data_chunk" values ('fc-fkjw0sgp3GUUYPVM7yMhqI', 1, x'120232302001');
insert into "data_chunk" values ('fc-fkjw0sgp3GUUYPVM7yMhqI', 2, x'120232312002');
insert into "task" values ('ta-TmXi0hNbROTXutzt0iQfM3', 'fu-ExdxXqRN93mJRRm00T7wJc', 'ap-XFt39rY6xzvZ1xHkzjDixU', 'double', 'im-QlS6xewTO5wYsHGD2dsMeM', 1, 0, 'wo-41lJsbXSNRAoMrOTi0cEZp', 'box', 'exited', 125, 128, '[]', 1796032308802, 1796032308971, 1796032309026, '[{"name":"queue","startedAtMs":1796032308802,"endedAtMs":1796032308804},{"name":"place","startedAtMs":1796032308804,"endedAtMs":1796032308970},{"name":"image","startedAtMs":1796032308970,"endedAtMs":1796032308972},{"name":"mount","startedAtMs":1796032308972,"endedAtMs":1796032308972.9998},{"name":"boot","startedAtMs":1796032308972.9998,"endedAtMs":1796032308972.9998},{"name":"enter","startedAtMs":1796032308972.9998,"endedAtMs":1796032308972.9998},{"name":"first call","startedAtMs":1796032308972.9998,"endedAtMs":1796032308990}]', 20, null);
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032308804001, x'0a1974612d546d586930684e62524f545875747a74306951664d33124c300239bc7433cd51c3da414a1c180122186c6f6164696e672074686520696d616765206f6e20626f786a1974612d546d586930684e62524f545875747a74306951664d337206646f75626c652a12313739363033323330383830343030312d305a1966752d457864785871524e39336d4a52526d30305437774a63');
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032308971000, x'0a1974612d546d586930684e62524f545875747a74306951664d331255300739dd243ecd51c3da414a2518012221696d706f7274696e6720636f646520616e642072756e6e696e672040656e7465726a1974612d546d586930684e62524f545875747a74306951664d337206646f75626c652a12313739363033323330383937313030302d305a1966752d457864785871524e39336d4a52526d30305437774a63');
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032308972000, x'0a1974612d546d586930684e62524f545875747a74306951664d3312393004393f353ecd51c3da414a091801220572656164796a1974612d546d586930684e62524f545875747a74306951664d337206646f75626c652a12313739363033323330383937323030302d305a1966752d457864785871524e39336d4a52526d30305437774a63');
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032308973000, x'0a1974612d546d586930684e62524f545875747a74306951664d33124a300439a2453ecd51c3da414a1a180122166372656174696e672074686520636f6e7461696e65726a1974612d546d586930684e62524f545875747a74306951664d337206646f75626c652a12313739363033323330383937333030302d305a1966752d457864785871524e39336d4a52526d30305437774a63');
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032309008000, x'0a1974612d546d586930684e62524f545875747a74306951664d33120d0a09646f75626c696e670a40012a12313739363033323330393030383030302d305a1966752d457864785871524e39336d4a52526d30305437774a63');
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032309026000, x'0a1974612d546d586930684e62524f545875747a74306951664d331255300539fca941cd51c3da414a251801222154686520636f6e7461696e657220657869746564207769746820636f646520302e6a1974612d546d586930684e62524f545875747a74306951664d337206646f75626c652a12313739363033323330393032363030302d305a1966752d457864785871524e39336d4a52526d30305437774a63');
insert into "task_log" values ('ap-XFt39rY6xzvZ1xHkzjDixU', 1796032309050000, x'0a1974612d5941636a3057484673426f394d6749644b6334624247126a300139333343cd51c3da414a3a180122366e6f20776f726b657220697320636f6e6e65637465643b207374617274206f6e6520776974682060646f7269616e20776f726b6572606a1974612d5941636a3057484673426f394d6749644b63346242477206646f75626c652a12313739363033323330393035303030302d305a1966752d457864785871524e39336d4a52526d30305437774a63');
