import { AppError } from "@dorian/base/app-error";
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Selectable } from "kysely";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import { checkObjectName } from "../environment/object-name.ts";
import type { ClientFile } from "./client-file.ts";
import type { TokenTable } from "./token-table.ts";

/** What may be shown of a token: never its secret. */
export interface Token {
  tokenId: string;
  name: string;
  createdAt: number;
  expiresAt: number | undefined;
  /** The one in client.json, which the server's own machine uses. */
  isOwn: boolean;
}

interface KnownToken extends Token {
  digest: Buffer;
}

export interface TokensOptions {
  db: Database;
  journal: Journal;
  own: Pick<ClientFile, "tokenId" | "tokenSecret">;
  now: () => number;
}

const ownName = "operator";

/** The tokens that clients call with: the server's own and those made from it. */
export class Tokens {
  #options: TokensOptions;
  #byId = new Map<string, KnownToken>();

  private constructor(options: TokensOptions) {
    this.#options = options;
    const { tokenId, tokenSecret } = options.own;
    const digest = digestOf(tokenSecret);
    this.#byId.set(tokenId, {
      tokenId,
      name: ownName,
      createdAt: 0,
      expiresAt: undefined,
      isOwn: true,
      digest,
    });
  }

  static async load(options: TokensOptions): Promise<Tokens> {
    const tokens = new Tokens(options);
    for (const row of await options.db.selectFrom("token").selectAll().execute()) {
      tokens.#byId.set(row.token_id, tokenFromRow(row));
    }
    return tokens;
  }

  /** The token, when the secret is its own and it is still valid. */
  verify(tokenId: string, secret: string): Token | undefined {
    const token = this.#byId.get(tokenId);
    // Compared whether or not there is such a token, so that the time taken tells nothing.
    const isSame = timingSafeEqual(digestOf(secret), token?.digest ?? nothing);
    return token && isSame && !this.#isExpired(token) ? token : undefined;
  }

  get(tokenId: string): Token | undefined {
    return this.#byId.get(tokenId);
  }

  /** Oldest first, without those that have expired. */
  list(): Token[] {
    return [...this.#byId.values()]
      .filter((token) => !this.#isExpired(token))
      .toSorted((a, b) => a.createdAt - b.createdAt);
  }

  /** The secret is in the answer and nowhere else. @throws AppError TOKEN_EXISTS, NAME_INVALID */
  async create(options: {
    name: string;
    validSecs?: number;
  }): Promise<{ token: Token; tokenSecret: string }> {
    const { journal, now } = this.#options;
    checkObjectName("a token", options.name);
    const tokenSecret = `as-${randomBytes(32).toString("base64url")}`;
    const digest = digestOf(tokenSecret);
    const createdAt = now();
    const row = {
      token_id: `ak-${randomBytes(16).toString("base64url")}`,
      name: options.name,
      secret_digest: digest,
      created_at: createdAt,
      expires_at: options.validSecs ? createdAt + options.validSecs * 1000 : null,
    };
    const expired = [...this.#byId.values()].filter((token) => this.#isExpired(token));
    await journal.write(
      async (trx) => {
        for (const { tokenId } of expired) {
          await trx.deleteFrom("token").where("token_id", "=", tokenId).execute();
        }
        const taken =
          options.name === ownName ||
          (await trx.selectFrom("token").select("name").where("name", "=", options.name).executeTakeFirst());
        if (taken) throw tokenExists(options.name);
        await trx.insertInto("token").values(row).execute();
      },
      () => {
        for (const { tokenId } of expired) this.#byId.delete(tokenId);
        this.#byId.set(row.token_id, tokenFromRow(row));
      },
    );
    return { token: tokenFromRow(row), tokenSecret };
  }

  /** By id or name. From when this resolves nobody gets in with it. @throws AppError TOKEN_NOT_FOUND, TOKEN_IS_OWN */
  async revoke(idOrName: string): Promise<Token> {
    const token = this.#byId.get(idOrName) ?? [...this.#byId.values()].find((each) => each.name === idOrName);
    if (!token) {
      throw new AppError("TOKEN_NOT_FOUND", `There is no token "${idOrName}".`, {
        status: "NOT_FOUND",
        remedy: "`dorian token list` shows the tokens there are.",
      });
    }
    if (token.isOwn) {
      throw new AppError("TOKEN_IS_OWN", "The server's own token cannot be revoked while it runs.", {
        remedy: "Stop the server, remove `client.json` from its data directory, and start it again.",
      });
    }
    await this.#options.journal.write(
      (trx) => trx.deleteFrom("token").where("token_id", "=", token.tokenId).execute(),
      () => this.#byId.delete(token.tokenId),
    );
    return token;
  }

  #isExpired(token: Token): boolean {
    return token.expiresAt !== undefined && token.expiresAt <= this.#options.now();
  }
}

const nothing = Buffer.alloc(32);

function digestOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

function tokenFromRow(row: Selectable<TokenTable>): KnownToken {
  return {
    tokenId: row.token_id,
    name: row.name,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    isOwn: false,
    digest: Buffer.from(row.secret_digest),
  };
}

function tokenExists(name: string): AppError {
  return new AppError("TOKEN_EXISTS", `There is a token named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose another name, or revoke that one first.",
  });
}
