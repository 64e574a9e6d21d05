import { createHmac, timingSafeEqual } from "node:crypto";

const header = Buffer.from(JSON.stringify({ alg: "HS256", typ: "JWT" })).toString("base64url");

/** More than any token of ours has: what is longer is not read. */
const longestToken = 4096;

/** What a token is good for: one for something else is not taken. */
export type TokenUse = "commands" | "calls";

/** Standard names: what it is for, the token or container it came from, and when it was made and ends, in seconds since 1970. */
export interface Claims {
  aud: TokenUse;
  sub: string;
  iat: number;
  exp: number;
}

/** A JSON web token: what it claims can be read by anybody, and written by this server alone. */
export function signClaims(key: Buffer, claims: Claims & Record<string, string | number>): string {
  const content = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${content}.${signatureOf(key, content).toString("base64url")}`;
}

/** The claims of a token that this server made for this use and that has not expired; undefined for anything else. */
export function verifiedClaims(
  key: Buffer,
  token: string,
  options: { use: TokenUse; nowMs: number },
): (Claims & Record<string, unknown>) | undefined {
  if (token.length > longestToken) return undefined;
  const [given, body, signature, ...more] = token.split(".");
  // The algorithm is ours, whatever a header says: only our own header is taken at all.
  if (given !== header || body === undefined || signature === undefined || more.length > 0) return undefined;
  const expected = signatureOf(key, `${header}.${body}`);
  const shown = Buffer.from(signature, "base64url");
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected)) return undefined;
  // Some bits of a last letter count for nothing: one token has one spelling.
  if (shown.toString("base64url") !== signature) return undefined;
  // This server has written it: it is what signClaims took.
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Claims & Record<string, unknown>;
  return claims.aud === options.use && claims.exp * 1000 > options.nowMs ? claims : undefined;
}

function signatureOf(key: Buffer, content: string): Buffer {
  return createHmac("sha256", key).update(content).digest();
}
