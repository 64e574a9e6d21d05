import { AppError } from "@dorian/base/app-error";
import type { Credential } from "@dorian/protocol/service";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Database } from "../../database/database.ts";
import type { Journal } from "../../database/journal.ts";
import { checkObjectName } from "../object-name.ts";
import type { ClientFile } from "./client-file.ts";
import { CredentialHolders } from "./credential-holders.ts";
import type { TokenLimits } from "./token-limits.ts";
import { tokenExpired, tokenInvalid, tokenRevoked, type Token } from "./token.ts";
import { rowOfToken, tokenFromRow } from "./token-rows.ts";

interface KnownToken {
  token: Token;
  digest: Buffer;
  holders: CredentialHolders;
  /** When its use was last written down. */
  useSavedAt: number;
}

/** A token that lets in, and what tells of its end. */
export interface LiveToken {
  token: Token;
  credential: Credential;
}

export interface TokensOptions {
  db: Database;
  journal: Journal;
  own: Pick<ClientFile, "tokenId" | "tokenSecret">;
  nowMs: () => number;
  /** Told of a use that could not be written down. */
  onError?: (error: unknown) => void;
}

const ownName = "operator";
/** How exactly it is kept when a token was last used: a write for each call would cost more than the call. */
const usePrecisionMs = 10 * 60_000;
/** Those that live on a token learn of its expiry no later than so. The clock may be set meanwhile. */
const longestLookMs = 5_000;
/** How long an expired token is remembered, to say so to who still uses it. */
const rememberedMs = 30 * 24 * 60 * 60_000;
/** More than people and machines need; one token cannot fill the memory with others. */
const mostTokens = 10_000;

/** The tokens that clients call with: the server's own and those made from it. */
export class Tokens implements Disposable {
  #options: TokensOptions;
  #byId = new Map<string, KnownToken>();
  #listeners: ((token: Token) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  private constructor(options: TokensOptions) {
    this.#options = options;
    const { tokenId, tokenSecret } = options.own;
    const token: Token = {
      tokenId,
      name: ownName,
      createdAtMs: 0,
      expiresAtMs: undefined,
      createdBy: "",
      lastUsedAtMs: undefined,
      isOwn: true,
    };
    this.#put(token, digestOf(tokenSecret));
  }

  static async load(options: TokensOptions): Promise<Tokens> {
    const tokens = new Tokens(options);
    for (const row of await options.db.selectFrom("token").selectAll().execute())
      tokens.#put(tokenFromRow(row), Buffer.from(row.secret_digest));
    tokens.#endExpired();
    return tokens;
  }

  /** Lets the holder of a token's secret in. @throws AppError TOKEN_INVALID, TOKEN_EXPIRED */
  admit(tokenId: string, secret: string): LiveToken {
    const known = this.#byId.get(tokenId);
    // Compared whether or not there is such a token, so that the time taken tells nothing.
    const isSame = timingSafeEqual(digestOf(secret), known?.digest ?? nothing);
    if (!known || !isSame) throw tokenInvalid(`The token "${tokenId}" is not valid here.`);
    if (this.#isExpired(known.token)) throw tokenExpired(known.token);
    this.#used(known);
    return { token: known.token, credential: known.holders };
  }

  /** A token that what came from it may go on with; undefined once it has ended. */
  live(tokenId: string): LiveToken | undefined {
    const known = this.#byId.get(tokenId);
    if (!known || this.#isExpired(known.token)) return undefined;
    return { token: known.token, credential: known.holders };
  }

  get(tokenId: string): Token | undefined {
    return this.#byId.get(tokenId)?.token;
  }

  /** Oldest first, without those that have expired. */
  list(): Token[] {
    return this.#all()
      .filter((token) => !this.#isExpired(token))
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Tells of every token that is revoked or expires. */
  onEnd(listener: (token: Token) => void): void {
    this.#listeners.push(listener);
  }

  /** The secret is in the answer and nowhere else. @throws AppError TOKEN_EXISTS, TOKENS_TOO_MANY, NAME_INVALID */
  async create(
    options: { name: string; createdBy: string } & TokenLimits,
  ): Promise<{ token: Token; tokenSecret: string }> {
    const { journal, nowMs } = this.#options;
    const { name, createdBy, expiresAtMs, ...scope } = options;
    checkObjectName("a token", name);
    if (this.#byId.size >= mostTokens) throw tooMany();
    const tokenSecret = `as-${randomBytes(32).toString("base64url")}`;
    const digest = digestOf(tokenSecret);
    const token: Token = {
      ...scope,
      tokenId: `ak-${randomBytes(16).toString("base64url")}`,
      name,
      createdAtMs: nowMs(),
      expiresAtMs,
      createdBy,
      lastUsedAtMs: undefined,
      isOwn: false,
    };
    const forgotten = this.#all().filter((each) => this.#isForgotten(each, name));
    await journal.write(
      async (trx) => {
        for (const { tokenId } of forgotten)
          await trx.deleteFrom("token").where("token_id", "=", tokenId).execute();
        const taken =
          name === ownName ||
          (await trx.selectFrom("token").select("name").where("name", "=", name).executeTakeFirst());
        if (taken) throw tokenExists(name);
        await trx.insertInto("token").values(rowOfToken(token, digest)).execute();
      },
      () => {
        for (const { tokenId } of forgotten) this.#byId.delete(tokenId);
        this.#put(token, digest);
        this.#watchExpiry();
      },
    );
    return { token, tokenSecret };
  }

  /** Requires a token by its id or name. @throws AppError TOKEN_NOT_FOUND */
  require(idOrName: string): Token {
    const token = this.get(idOrName) ?? this.#all().find((each) => each.name === idOrName);
    if (token) return token;
    throw new AppError("TOKEN_NOT_FOUND", `There is no token "${idOrName}".`, {
      status: "NOT_FOUND",
      remedy: "`dorian token list` shows the tokens there are.",
    });
  }

  /** Finds the tokens that were made with a token, with those, and so on. */
  madeWith(token: Token): Token[] {
    const byMaker = Map.groupBy(this.#all(), (each) => each.createdBy);
    const made: Token[] = [];
    for (let makers = [token]; makers.length > 0;) {
      makers = makers.flatMap((maker) => byMaker.get(maker.tokenId) ?? []);
      made.push(...makers);
    }
    return made;
  }

  /** Ends tokens. From when this resolves nobody gets in with them, and what lived on them has ended. @throws AppError TOKEN_IS_OWN */
  async revoke(tokens: readonly Token[]): Promise<void> {
    if (tokens.some((token) => token.isOwn)) {
      throw new AppError("TOKEN_IS_OWN", "The server's own token cannot be revoked while it runs.", {
        remedy: "Stop the server, remove `client.json` from its data directory, and start it again.",
      });
    }
    const ids = tokens.map((token) => token.tokenId);
    await this.#options.journal.write(
      (trx) => trx.deleteFrom("token").where("token_id", "in", ids).execute(),
      () => {
        for (const token of tokens) {
          const known = this.#byId.get(token.tokenId);
          this.#byId.delete(token.tokenId);
          if (known) this.#end(known, tokenRevoked(token));
        }
      },
    );
  }

  /** Revokes the tokens that reach an environment only, which is being deleted. */
  async removeScope(scope: string): Promise<void> {
    const doomed = this.#all().filter((token) => token.environment === scope);
    if (doomed.length > 0) await this.revoke(doomed);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #all(): Token[] {
    return [...this.#byId.values()].map(({ token }) => token);
  }

  #put(token: Token, digest: Buffer): void {
    const known = { token, digest, holders: new CredentialHolders(), useSavedAt: token.lastUsedAtMs ?? 0 };
    this.#byId.set(token.tokenId, known);
  }

  #isExpired(token: Token): boolean {
    return token.expiresAtMs !== undefined && token.expiresAtMs <= this.#options.nowMs();
  }

  #isForgotten(token: Token, newName: string): boolean {
    if (!this.#isExpired(token)) return false;
    return token.name === newName || (token.expiresAtMs ?? 0) + rememberedMs <= this.#options.nowMs();
  }

  #end({ token, holders }: KnownToken, reason: AppError): void {
    if (holders.isOver) return;
    holders.end(reason);
    for (const listener of this.#listeners) listener(token);
  }

  #endExpired(): void {
    for (const known of this.#byId.values())
      if (this.#isExpired(known.token)) this.#end(known, tokenExpired(known.token));
    this.#watchExpiry();
  }

  #watchExpiry(): void {
    clearTimeout(this.#timer);
    const coming = this.#all().filter((token) => token.expiresAtMs !== undefined && !this.#isExpired(token));
    if (coming.length === 0) return;
    const next = Math.min(...coming.map((token) => token.expiresAtMs ?? 0)) - this.#options.nowMs();
    this.#timer = setTimeout(
      () => this.#endExpired(),
      Math.min(Math.max(next, 0) + 1, longestLookMs),
    ).unref();
  }

  #used(known: KnownToken): void {
    const at = this.#options.nowMs();
    known.token.lastUsedAtMs = at;
    if (known.token.isOwn || at - known.useSavedAt < usePrecisionMs) return;
    known.useSavedAt = at;
    const { tokenId } = known.token;
    this.#options.journal
      .writePatiently(async (trx) => {
        await trx.updateTable("token").set({ last_used_at: at }).where("token_id", "=", tokenId).execute();
      })
      .catch((error: unknown) => this.#options.onError?.(error));
  }
}

const nothing = Buffer.alloc(32);

function digestOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

function tokenExists(name: string): AppError {
  return new AppError("TOKEN_EXISTS", `There is a token named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose another name, or revoke that one first.",
  });
}

function tooMany(): AppError {
  return new AppError("TOKENS_TOO_MANY", `There are ${mostTokens} tokens already.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Revoke those that nobody uses: `dorian token list` shows when each was used last.",
  });
}
