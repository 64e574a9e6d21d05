export interface SecretRow {
  secret_id: string;
  environment: string;
  /** Null for one that lives in an app's code. */
  name: string | null;
  app_id: string | null;
  /** JSON list of the keys. */
  keys: string;
  /** The key-value pairs, encrypted. */
  sealed: Uint8Array;
  /** Keyed digest of the content, to recognise equal ones. */
  fingerprint: string;
  created_at: number;
  /** When a container or a build was last given it, to the minute; null before that. */
  last_used_at: number | null;
}
