export interface FunctionCallTable {
  call_id: string;
  function_id: string;
  app_id: string;
  call_type: number;
  invocation_type: number;
  parent_input_id: string;
  /** Key of the request that made it, or null when the caller sent none. */
  idempotency_key: string | null;
  created_at: number;
}

export interface CallInputTable {
  input_id: string;
  call_id: string;
  /** Place among the inputs of the call. */
  idx: number;
  /** Bytes of FunctionInput. */
  request: Uint8Array;
  state: string;
  /** The task that works on it, or null. */
  task_id: string | null;
  attempt: number;
  user_retries: number;
  deliveries: number;
  deaths: number;
  /** 1: it runs alone. */
  suspect: number;
  retry_at: number | null;
  created_at: number;
  /** Bytes of GenericResult; null until finished. */
  result: Uint8Array | null;
  output_format: number;
  output_task_id: string;
  /** Unix seconds. */
  output_started_at: number;
  output_created_at: number;
  /** Grows with every output of the call: what readers send back to get the next ones. */
  output_cursor: number | null;
  finished_at: number | null;
  /** Of a class; empty for a function. */
  method: string;
}

export interface DataChunkTable {
  call_id: string;
  /** From 1. */
  chunk_index: number;
  /** Bytes of DataChunk. */
  chunk: Uint8Array;
}

/** What the calls made in one hour fill. */
export interface CallBytesTable {
  /** Unix milliseconds of its first moment. */
  hour: number;
  bytes: number;
}

export const callTables = [
  `create table function_call (
    call_id text primary key,
    function_id text not null,
    app_id text not null,
    call_type integer not null,
    invocation_type integer not null,
    parent_input_id text not null,
    idempotency_key text,
    created_at integer not null
  ) strict`,
  `create index function_call_created on function_call (created_at)`,
  `create table call_input (
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
  ) strict`,
  `create unique index call_input_place on call_input (call_id, idx)`,
  `create index call_input_open on call_input (call_id) where finished_at is null`,
  `create table data_chunk (
    call_id text not null references function_call (call_id) on delete cascade,
    chunk_index integer not null,
    chunk blob not null,
    primary key (call_id, chunk_index)
  ) strict, without rowid`,
];
