export interface SecretTable {
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
}
