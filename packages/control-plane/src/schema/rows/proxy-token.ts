/** Tokens for web functions that are declared with `requires_proxy_auth`. */
export interface ProxyTokenRow {
  token_id: string;
  /** May be empty. */
  name: string;
  /** SHA-256: the secret itself is random enough that nothing slower is needed. */
  secret_digest: Uint8Array;
  created_at: number;
  /** JSON list of the scopes of the environments that it is good for; null for all. */
  environments: string | null;
  /** The token it was made with, whose end is its end; empty for one from before that was kept. */
  created_by: string;
}
