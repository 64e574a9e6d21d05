/** Tokens for web functions that are declared with `requires_proxy_auth`. */
export interface ProxyTokenTable {
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

/** As they began: what was added later stands in the migrations. */
export const proxyTokenTables = [
  `create table proxy_token (
    token_id text primary key,
    name text not null,
    secret_digest blob not null,
    created_at integer not null,
    environments text
  ) strict`,
];
