import { createHmac, timingSafeEqual } from "node:crypto";

const header = Buffer.from(JSON.stringify({ alg: "HS256", typ: "JWT" })).toString("base64url");

/** A JSON web token: what it claims can be read by anybody, and written by this server alone. `exp` is in seconds since 1970. */
export function signClaims(key: Buffer, claims: { exp: number } & Record<string, unknown>): string {
  const content = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
  return `${content}.${signatureOf(key, content)}`;
}

/** The claims of a token that this server made and that has not expired. */
export function verifiedClaims(
  key: Buffer,
  token: string,
  options: { nowMs: number },
): Record<string, unknown> | undefined {
  const end = token.lastIndexOf(".");
  const content = token.slice(0, end);
  const given = Buffer.from(token.slice(end + 1));
  const expected = Buffer.from(signatureOf(key, content));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const claims = JSON.parse(
    Buffer.from(content.slice(content.indexOf(".") + 1), "base64url").toString(),
  ) as Record<string, unknown>;
  return typeof claims["exp"] === "number" && claims["exp"] * 1000 > options.nowMs ? claims : undefined;
}

function signatureOf(key: Buffer, content: string): string {
  return createHmac("sha256", key).update(content).digest("base64url");
}
