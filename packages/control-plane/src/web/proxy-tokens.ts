import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import { newId } from "@dorian/base/ids";
import type { Credential } from "@dorian/protocol/service";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable, Transaction } from "kysely";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import type { Tables } from "../schema/tables.ts";
import { CredentialHolders } from "../access/token/credential-holders.ts";
import type { ProxyTokenRow } from "../schema/rows/proxy-token.ts";

export interface ProxyToken {
  tokenId: string;
  name: string;
  createdAtMs: number;
  /** Scopes of the environments that it is good for; undefined for all. */
  environments: readonly string[] | undefined;
  /** The token it was made with, whose end is its end; empty for one from before that was kept. */
  createdBy: string;
}

interface KnownToken extends ProxyToken {
  digest: Buffer;
  /** How long it lasts when nobody comes with it and no request that did still runs; undefined for one that stays until it is removed. */
  idle: { forMs: number; until: Deadline } | undefined;
  /** By the scope they were let in to. */
  holders: Map<string, CredentialHolders>;
}

export interface ProxyTokensOptions {
  db: Database;
  journal: Journal;
  nowMs: () => number;
  /** By a clock that nobody sets. */
  elapsedMs: () => number;
  /** Whether the token that one was made with is still good. */
  isLive: (tokenId: string) => boolean;
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

  /** What a web client goes by while its request lasts; undefined when it is not let in. */
  admit(tokenId: string, secret: string, scope: string): Credential | undefined {
    const token = this.#byId.get(tokenId);
    // Compared whether or not there is such a token, so that the time taken tells nothing.
    const isSame = timingSafeEqual(digestOf(secret), token?.digest ?? nothing);
    const isGood = isSame && token !== undefined && this.#isLive(token);
    if (!isGood || !isFor(token, scope)) return undefined;
    if (token.idle) token.idle.until = this.#after(token.idle.forMs);
    const holders = token.holders.get(scope) ?? new CredentialHolders();
    token.holders.set(scope, holders);
    return holders;
  }

  /** Oldest first. */
  list(): ProxyToken[] {
    return [...this.#byId.values()]
      .filter((token) => this.#isLive(token))
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** @throws AppError PROXY_TOKEN_NOT_FOUND */
  require(tokenId: string): ProxyToken {
    const token = this.#byId.get(tokenId);
    if (token && this.#isLive(token)) return token;
    throw proxyTokenNotFound(tokenId);
  }

  /**
   * The secret is in the answer and nowhere else. Call `committed` once the transaction is durable. One with `idleMs` is kept in
   * memory alone: nobody has to remove it, so it should not outlast the server either.
   */
  async create(
    trx: Transaction<Tables>,
    {
      name,
      isScoped,
      createdBy,
      idleMs = 0,
    }: { name: string; isScoped: boolean; createdBy: string; idleMs?: number },
  ): Promise<{ tokenId: string; tokenSecret: string; committed: () => void }> {
    const tokenSecret = newSecret();
    const row = {
      token_id: newId("wk"),
      name,
      secret_digest: digestOf(tokenSecret),
      created_at: this.#options.nowMs(),
      environments: isScoped ? "[]" : null,
      created_by: createdBy,
    };
    if (idleMs === 0) await trx.insertInto("proxy_token").values(row).execute();
    const idle = idleMs === 0 ? undefined : { forMs: idleMs, until: this.#after(idleMs) };
    const committed = () => {
      this.#forgetIdle();
      this.#put(row, idle);
    };
    return { tokenId: row.token_id, tokenSecret, committed };
  }

  /**
   * Changes a token. Requests that came with it to an environment it is not good for any more have ended then.
   *
   * @throws AppError PROXY_TOKEN_NOT_FOUND, PROXY_TOKEN_TEMPORARY
   */
  async update(
    tokenId: string,
    change: { name?: string; environments?: readonly string[] },
  ): Promise<ProxyToken> {
    const { name, environments } = { ...this.require(tokenId), ...change };
    if (this.#byId.get(tokenId)?.idle) throw proxyTokenTemporary(tokenId);
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

  /** Removes a token. From when this resolves nobody gets in with it, and requests that came with it have ended. */
  async remove(tokenId: string): Promise<void> {
    this.require(tokenId);
    await this.#options.journal.write(
      (trx) => trx.deleteFrom("proxy_token").where("token_id", "=", tokenId).execute(),
      () => this.#end(tokenId),
    );
  }

  /** Removes those that were made with a token that has ended. */
  async makerEnded(makerId: string): Promise<void> {
    const made = [...this.#byId.values()].filter((token) => token.createdBy === makerId);
    for (const { tokenId } of made) this.#end(tokenId);
    if (made.length === 0) return;
    await this.#options.journal.write((trx) =>
      trx.deleteFrom("proxy_token").where("created_by", "=", makerId).execute(),
    );
  }

  #isLive(token: KnownToken): boolean {
    const { createdBy, idle } = token;
    return (!idle?.until.isOver || isHeld(token)) && (createdBy === "" || this.#options.isLive(createdBy));
  }

  #after(ms: number): Deadline {
    return new Deadline(ms, this.#options.elapsedMs);
  }

  /** Those whose time is over. */
  #forgetIdle(): void {
    for (const token of this.#byId.values()) {
      if (token.idle?.until.isOver && !isHeld(token)) this.#byId.delete(token.tokenId);
    }
  }

  #end(tokenId: string): void {
    const token = this.#byId.get(tokenId);
    this.#byId.delete(tokenId);
    for (const holders of token?.holders.values() ?? []) holders.end(proxyTokenNotFound(tokenId));
  }

  #put(row: Selectable<ProxyTokenRow>, idle?: KnownToken["idle"]): void {
    const token: KnownToken = {
      idle,
      holders: this.#byId.get(row.token_id)?.holders ?? new Map(),
      createdBy: row.created_by,
      tokenId: row.token_id,
      name: row.name,
      createdAtMs: row.created_at,
      environments: row.environments === null ? undefined : (JSON.parse(row.environments) as string[]),
      digest: Buffer.from(row.secret_digest),
    };
    this.#byId.set(row.token_id, token);
    for (const [scope, holders] of token.holders) {
      if (isFor(token, scope)) continue;
      token.holders.delete(scope);
      holders.end(notForEnvironment(row.token_id));
    }
  }
}

const nothing = Buffer.alloc(32);

/** Whether a request that came with it still runs. */
function isHeld({ holders }: KnownToken): boolean {
  return holders.values().some((each) => !each.isUnused);
}

function isFor({ environments }: ProxyToken, scope: string): boolean {
  return environments?.includes(scope) ?? true;
}

function notForEnvironment(tokenId: string): AppError {
  return new AppError(
    "PROXY_TOKEN_SCOPE",
    `The proxy token "${tokenId}" is not good for this environment any more.`,
    {
      status: "PERMISSION_DENIED",
      remedy: "Use one that is, or add the environment to it.",
    },
  );
}

function proxyTokenNotFound(tokenId: string): AppError {
  return new AppError("PROXY_TOKEN_NOT_FOUND", `There is no proxy token "${tokenId}".`, {
    status: "NOT_FOUND",
    remedy: "`modal workspace proxy-tokens list` shows the tokens there are.",
  });
}

function proxyTokenTemporary(tokenId: string): AppError {
  return new AppError(
    "PROXY_TOKEN_TEMPORARY",
    `The proxy token "${tokenId}" was made for one request and cannot be changed.`,
    {
      status: "FAILED_PRECONDITION",
      remedy: "Delete it, or make one that stays: `modal workspace proxy-tokens create`.",
    },
  );
}

function newSecret(): string {
  return `ws-${randomBytes(32).toString("base64url")}`;
}

function digestOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
