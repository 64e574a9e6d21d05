export interface MountRow {
  mount_id: string;
  /** Hex SHA-256 over names, digests and modes. */
  checksum: string;
  layer_id: string;
  /** JSON list of the files: the layer can be written again from the blocks. */
  files: string;
  created_at: number;
  used_at: number;
}
