import { AppError } from "@dorian/base/app-error";
import type { TokenScope } from "@dorian/protocol/service";
import { scopeOf } from "./token.ts";

/** What a token allows, and until when. */
export interface TokenLimits extends TokenScope {
  /** Milliseconds; absent: until it is revoked. */
  expiresAtMs?: number | undefined;
}

/**
 * The limits of a token that is made with another: no wider than its maker's, which hold wherever nothing is said.
 *
 * @throws AppError TOKEN_WIDER
 */
export function limitsWithin(
  maker: TokenLimits,
  wanted: TokenLimits,
  nameOf: (environment: string) => string,
): TokenLimits {
  const environment = wanted.environment ?? maker.environment;
  if (maker.environment !== undefined && environment !== maker.environment) {
    throw wider(`it reaches the environment "${nameOf(maker.environment)}" only`);
  }
  const expiresAt = wanted.expiresAtMs ?? maker.expiresAtMs;
  if (maker.expiresAtMs !== undefined && expiresAt !== undefined && expiresAt > maker.expiresAtMs) {
    throw wider(`it expires on ${new Date(maker.expiresAtMs).toISOString()} itself`);
  }
  const readOnly = (wanted.readOnly ?? false) || (maker.readOnly ?? false);
  return {
    ...scopeOf({ ...(environment === undefined ? {} : { environment }), readOnly }),
    expiresAtMs: expiresAt,
  };
}

function wider(because: string): AppError {
  return new AppError("TOKEN_WIDER", `This token cannot make one that allows more: ${because}.`, {
    status: "PERMISSION_DENIED",
    remedy: "Ask for no more than it has, or make the token with the server's own, on its machine.",
  });
}
