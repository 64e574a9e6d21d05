import { AppError } from "@dorian/base/app-error";
import type { TokenScope } from "@dorian/protocol/service";

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
