import { sql, type Kysely } from "kysely";
import type { Migration } from "kysely/migration";

export const webAddresses: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    for (const statement of [...addresses, ...proxyTokens]) await sql.raw(statement).execute(db);
  },
};

const addresses = [
  `create table web_address (
    label text primary key,
    app_id text not null,
    tag text not null,
    requested text not null,
    port integer unique,
    used_at integer not null
  ) strict`,
  "create unique index web_address_function on web_address (app_id, tag)",
];

const proxyTokens = [
  `create table proxy_token (
    token_id text primary key,
    name text not null,
    secret_digest blob not null,
    created_at integer not null,
    environments text
  ) strict`,
];
