export interface FunctionCallRow {
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

export interface CallInputRow {
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
  /** What is called of a class; empty for a function. */
  method: string;
}

export interface DataChunkRow {
  call_id: string;
  /** From 1. */
  chunk_index: number;
  /** Bytes of DataChunk. */
  chunk: Uint8Array;
}

/** What the calls made in one hour fill. */
export interface CallBytesRow {
  /** Unix milliseconds of its first moment. */
  hour: number;
  bytes: number;
}
