export interface TaskLogRow {
  app_id: string;
  /** Counts the batches of the app upwards. No clock has a part in it: readers resume from it. */
  entry: number;
  /** When it came, by the clock of then. */
  at: number;
  /** Bytes of TaskLogsBatch. */
  batch: Uint8Array;
}

/** The last batch of each worker whose lines are in {@link TaskLogRow}. */
export interface WorkerLogRow {
  worker_id: string;
  sequence: number;
  at: number;
}
