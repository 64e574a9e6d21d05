export interface TokenTable {
  token_id: string;
  name: string;
  /** SHA-256: the secret itself is random enough that nothing slower is needed. */
  secret_digest: Uint8Array;
  created_at: number;
  /** Null: never. */
  expires_at: number | null;
}

export const tokenTables = [
  `create table token (
    token_id text primary key,
    name text not null unique,
    secret_digest blob not null,
    created_at integer not null,
    expires_at integer
  ) strict`,
];
