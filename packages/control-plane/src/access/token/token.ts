import { AppError } from "@dorian/base/app-error";
import type { TokenScope } from "@dorian/protocol/service";
import type { Insertable, Selectable } from "kysely";
import type { TokenRow } from "../../schema/rows/token.ts";

/** What may be shown of a token: never its secret. */
export interface Token extends TokenScope {
  tokenId: string;
  name: string;
  createdAtMs: number;
  expiresAtMs: number | undefined;
  /** The token it was made with; empty for one from before that was kept. */
  createdBy: string;
  /** To about ten minutes. */
  lastUsedAtMs: number | undefined;
  /** The one in client.json, which the server's own machine uses. */
  isOwn: boolean;
}

export function scopeOf({ environment, readOnly }: TokenScope): TokenScope {
  return { ...(environment === undefined ? {} : { environment }), ...(readOnly ? { readOnly } : {}) };
}

export function tokenFromRow(row: Selectable<TokenRow>): Token {
  return {
    tokenId: row.token_id,
    name: row.name,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at ?? undefined,
    createdBy: row.created_by,
    lastUsedAtMs: row.last_used_at ?? undefined,
    isOwn: false,
    ...scopeOf({
      ...(row.environment === null ? {} : { environment: row.environment }),
      readOnly: row.read_only === 1,
    }),
  };
}

export function rowOfToken(token: Token, digest: Uint8Array): Insertable<TokenRow> {
  return {
    token_id: token.tokenId,
    name: token.name,
    secret_digest: digest,
    created_at: token.createdAtMs,
    expires_at: token.expiresAtMs ?? null,
    environment: token.environment ?? null,
    read_only: token.readOnly ? 1 : 0,
    created_by: token.createdBy,
    last_used_at: token.lastUsedAtMs ?? null,
  };
}

const anotherToken =
  "Run `dorian token new` on the server's machine for valid values, and check MODAL_SERVER_URL.";

export function tokenInvalid(message: string): AppError {
  return new AppError("TOKEN_INVALID", message, { status: "UNAUTHENTICATED", remedy: anotherToken });
}

export function tokenExpired(token: Token): AppError {
  const on = new Date(token.expiresAtMs ?? 0).toISOString();
  return new AppError("TOKEN_EXPIRED", `The token "${token.name}" has expired on ${on}.`, {
    status: "UNAUTHENTICATED",
    remedy: `Make another with \`dorian token new --name NAME\` on the server's machine, with a longer \`--expires\`.`,
  });
}

export function tokenRevoked(token: Token): AppError {
  return new AppError("TOKEN_REVOKED", `The token "${token.name}" was revoked.`, {
    status: "UNAUTHENTICATED",
    remedy: anotherToken,
  });
}
