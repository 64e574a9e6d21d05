import { createHmac, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { signClaims, verifiedClaims } from "./signed-claims.ts";

const key = randomBytes(32);
const exp = 1_800_000_000;
const claims = { aud: "commands", sub: "ak-1", iat: exp - 3600, exp } as const;
const before = { use: "commands", nowMs: (exp - 1) * 1000 } as const;
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("claims are read again until they expire", () => {
  const token = signClaims(key, { ...claims, task_id: "ta-1" });
  expect(verifiedClaims(key, token, before)).toEqual({ ...claims, task_id: "ta-1" });
  expect(verifiedClaims(key, token, { ...before, nowMs: exp * 1000 })).toBeUndefined();
});

test("a token is good for one use alone", () => {
  expect(verifiedClaims(key, signClaims(key, claims), { ...before, use: "calls" })).toBeUndefined();
});

test("clients can read when a token expires, and which one it came from", () => {
  const [, payload = ""] = signClaims(key, claims).split(".");
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({ exp, sub: "ak-1" });
});

test("tokens of another server, changed ones, other algorithms and what is none are not valid, and throw nothing", () => {
  const token = signClaims(key, { ...claims, task_id: "ta-1" });
  const [head = "", payload = "", signature = ""] = token.split(".");
  const signedWith = (header: unknown, body: string) => {
    const content = `${encoded(header)}.${body}`;
    return `${content}.${createHmac("sha256", key).update(content).digest("base64url")}`;
  };
  for (const wrong of [
    signClaims(randomBytes(32), claims),
    `${head}.${encoded({ ...claims, task_id: "ta-2" })}.${signature}`,
    `${encoded({ alg: "none" })}.${payload}.`,
    `${encoded({ alg: "none" })}.${payload}.${signature}`,
    signedWith({ alg: "HS512", typ: "JWT" }, payload),
    signedWith({ alg: "HS256", typ: "JWT", crit: ["x"] }, payload),
    signedWith({ alg: "HS256", typ: "JWT" }, encoded({ aud: "commands" })),
    `${token}x`,
    `${token}.${signature}`,
    `${token}=`,
    `.${token}`,
    "",
    ".",
    "..",
    "...",
    "a.b",
    "\u0000.\u{10ffff}.ü",
    "x".repeat(1_000_000),
  ])
    expect(verifiedClaims(key, wrong, before)).toBeUndefined();
});
