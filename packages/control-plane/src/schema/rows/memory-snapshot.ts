export interface MemorySnapshotRow {
  snapshot_key: string;
  function_id: string;
  layer_id: string;
  bytes: number;
  took_ms: number;
  failures: number;
  created_at: number;
  used_at: number;
}
