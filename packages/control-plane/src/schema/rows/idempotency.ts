export interface IdempotencyRow {
  /** Caller, method and the caller's key. */
  key: string;
  response: Uint8Array;
  created_at: number;
}
