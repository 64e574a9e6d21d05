export interface BlobRow {
  blob_id: string;
  /** Hex SHA-256 of the content once it is complete. */
  sha256: string | null;
  size: number;
  created_at: number;
  /** Token or task that made it; empty for one from before that was kept. */
  created_by: string;
  /** Scope of its maker's environment; null for a maker that reaches all. */
  environment: string | null;
}
