export interface TaskRow {
  task_id: string;
  function_id: string;
  app_id: string;
  tag: string;
  image_id: string;
  revision: number;
  is_builder: number;
  untrusted: number;
  worker_id: string | null;
  worker_name: string;
  state: string;
  milli_cpu: number;
  memory_mb: number;
  /** JSON list of {type, device}. */
  gpus: string;
  enqueued_at: number;
  started_at: number | null;
  finished_at: number | null;
  /** JSON list of phases. */
  timeline: string;
  bytes_copied: number;
  /** Bytes of GenericResult: how it ended. */
  result: Uint8Array | null;
}
