/** When functions run by themselves. A row lasts as long as its function is published with that schedule. */
export interface ScheduleRow {
  function_id: string;
  /** Bytes of Schedule. */
  schedule: Uint8Array;
  /** Since when it has been in force. */
  anchor_at: number;
  /** When it runs next; null for never. */
  next_at: number | null;
}
