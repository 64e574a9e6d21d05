import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable, Transaction } from "kysely";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import type { Tables } from "../database/tables.ts";
import type { ProxyTokenTable } from "./proxy-token-table.ts";

export interface ProxyToken {
  tokenId: string;
  name: string;
  createdAt: number;
  /** Scopes of the environments that it is good for; undefined for all. */
  environments: readonly string[] | undefined;
}

interface KnownToken extends ProxyToken {
  digest: Buffer;
}

export interface ProxyTokensOptions {
  db: Database;
  journal: Journal;
  now: () => number;
}

/** Tokens that web clients show where a function wants one. They open nothing else. */
export class ProxyTokens {
  #options: ProxyTokensOptions;
  #byId = new Map<string, KnownToken>();

  private constructor(options: ProxyTokensOptions) {
    this.#options = options;
  }

  static async load(options: ProxyTokensOptions): Promise<ProxyTokens> {
    const tokens = new ProxyTokens(options);
    for (const row of await options.db.selectFrom("proxy_token").selectAll().execute()) tokens.#put(row);
    return tokens;
  }

  verify(tokenId: string, secret: string, environment: string): boolean {
    const token = this.#byId.get(tokenId);
    // Compared whether or not there is such a token, so that the time taken tells nothing.
    const isSame = timingSafeEqual(digestOf(secret), token?.digest ?? nothing);
    return isSame && token !== undefined && (token.environments?.includes(environment) ?? true);
  }

  /** Oldest first. */
  list(): ProxyToken[] {
    return [...this.#byId.values()].toSorted((a, b) => a.createdAt - b.createdAt);
  }

  /** @throws AppError PROXY_TOKEN_NOT_FOUND */
  require(tokenId: string): ProxyToken {
    const token = this.#byId.get(tokenId);
    if (token) return token;
    throw new AppError("PROXY_TOKEN_NOT_FOUND", `There is no proxy token "${tokenId}".`, {
      status: "NOT_FOUND",
      remedy: "`modal workspace proxy-tokens list` shows the tokens there are.",
    });
  }

  /** The secret is in the answer and nowhere else. Call `committed` once the transaction is durable. */
  async create(
    trx: Transaction<Tables>,
    { name, isScoped }: { name: string; isScoped: boolean },
  ): Promise<{ tokenId: string; tokenSecret: string; committed: () => void }> {
    const tokenSecret = newSecret();
    const row = {
      token_id: newId("wk"),
      name,
      secret_digest: digestOf(tokenSecret),
      created_at: this.#options.now(),
      environments: isScoped ? "[]" : null,
    };
    await trx.insertInto("proxy_token").values(row).execute();
    return { tokenId: row.token_id, tokenSecret, committed: () => this.#put(row) };
  }

  async update(
    tokenId: string,
    change: { name?: string; environments?: readonly string[] },
  ): Promise<ProxyToken> {
    const { name, environments } = { ...this.require(tokenId), ...change };
    const set = { name, environments: environments === undefined ? null : JSON.stringify(environments) };
    await this.#options.journal.write(
      async (trx) =>
        await trx
          .updateTable("proxy_token")
          .set(set)
          .where("token_id", "=", tokenId)
          .returningAll()
          .executeTakeFirst(),
      (row) => row && this.#put(row),
    );
    return this.require(tokenId);
  }

  /** From when this resolves nobody gets in with it. */
  async remove(tokenId: string): Promise<void> {
    this.require(tokenId);
    await this.#options.journal.write(
      (trx) => trx.deleteFrom("proxy_token").where("token_id", "=", tokenId).execute(),
      () => this.#byId.delete(tokenId),
    );
  }

  #put(row: Selectable<ProxyTokenTable>): void {
    this.#byId.set(row.token_id, {
      tokenId: row.token_id,
      name: row.name,
      createdAt: row.created_at,
      environments: row.environments === null ? undefined : (JSON.parse(row.environments) as string[]),
      digest: Buffer.from(row.secret_digest),
    });
  }
}

const nothing = Buffer.alloc(32);

function newSecret(): string {
  return `ws-${randomBytes(32).toString("base64url")}`;
}

function digestOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
