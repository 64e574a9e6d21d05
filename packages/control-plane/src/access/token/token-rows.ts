import type { Insertable, Selectable } from "kysely";
import type { TokenRow } from "../../schema/rows/token.ts";
import { scopeOf, type Token } from "./token.ts";

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
