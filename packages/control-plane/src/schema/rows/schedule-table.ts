/** When functions run by themselves. A row lasts as long as its function is published with that schedule. */
export interface ScheduleTable {
  function_id: string;
  /** Bytes of Schedule. */
  schedule: Uint8Array;
  /** Since when it has been in force. */
  anchor_at: number;
  /** When it runs next; null for never. */
  next_at: number | null;
}

export const scheduleTables = [
  `create table schedule (
    function_id text primary key,
    schedule blob not null,
    anchor_at integer not null,
    next_at integer
  ) strict`,
];
