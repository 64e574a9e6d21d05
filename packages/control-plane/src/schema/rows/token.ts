export interface TokenRow {
  token_id: string;
  name: string;
  /** SHA-256: the secret itself is random enough that nothing slower is needed. */
  secret_digest: Uint8Array;
  created_at: number;
  /** Null: never. */
  expires_at: number | null;
  /** Scope of the only environment that it reaches; null for all. */
  environment: string | null;
  read_only: number;
  /** The token it was made with, or empty. */
  created_by: string;
  /** To about ten minutes. */
  last_used_at: number | null;
}
