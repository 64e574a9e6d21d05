export interface RecentAnswerRow {
  /** Grows with time: microseconds since 1970. */
  answer_id: number;
  /** Caller, method and the caller's key. */
  key: string;
  response: Uint8Array;
}
