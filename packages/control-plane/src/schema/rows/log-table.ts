export interface TaskLogTable {
  app_id: string;
  /** Counts the batches of the app upwards. No clock has a part in it: readers resume from it. */
  entry: number;
  /** When it came, by the clock of then. */
  at: number;
  /** Bytes of TaskLogsBatch. */
  batch: Uint8Array;
}

/** The last batch of each worker whose lines are in {@link TaskLogTable}. */
export interface WorkerLogTable {
  worker_id: string;
  sequence: number;
  at: number;
}

/** Of the first release: entries were the clock's microseconds. */
export const logTables = [
  `create table task_log (
    app_id text not null,
    entry integer not null,
    batch blob not null,
    primary key (app_id, entry)
  ) strict, without rowid`,
];
