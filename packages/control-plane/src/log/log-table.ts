export interface TaskLogTable {
  app_id: string;
  /** Grows with every batch of the app. */
  entry: number;
  /** Bytes of TaskLogsBatch. */
  batch: Uint8Array;
}

export const logTables = [
  `create table task_log (
    app_id text not null,
    entry integer not null,
    batch blob not null,
    primary key (app_id, entry)
  ) strict, without rowid`,
];
