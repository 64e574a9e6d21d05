export interface BlobTable {
  blob_id: string;
  /** Hex SHA-256 of the content once it is complete. */
  sha256: string | null;
  size: number;
  created_at: number;
}
