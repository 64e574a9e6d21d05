export interface TaskTable {
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

export const taskTables = [
  `create table task (
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
  ) strict`,
  `create index task_live on task (task_id) where finished_at is null`,
  `create index task_finished on task (finished_at) where finished_at is not null`,
];
