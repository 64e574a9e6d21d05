import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { signClaims, verifiedClaims } from "./signed-claims.ts";

const key = randomBytes(32);
const exp = 1_800_000_000;
const before = { nowMs: (exp - 1) * 1000 };

test("claims are read again until they expire", () => {
  const token = signClaims(key, { exp, task_id: "ta-1" });
  expect(verifiedClaims(key, token, before)).toEqual({ exp, task_id: "ta-1" });
  expect(verifiedClaims(key, token, { nowMs: exp * 1000 })).toBeUndefined();
});

test("clients can read when a token expires", () => {
  const [, payload = ""] = signClaims(key, { exp }).split(".");
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toEqual({ exp });
});

test("tokens of another server, changed ones and what is none are not valid", () => {
  const token = signClaims(key, { exp, task_id: "ta-1" });
  const [head, , signature] = token.split(".");
  const payload = Buffer.from(JSON.stringify({ exp, task_id: "ta-2" })).toString("base64url");
  for (const wrong of [
    signClaims(randomBytes(32), { exp }),
    `${head}.${payload}.${signature}`,
    `${token}x`,
    "",
    "a.b",
  ])
    expect(verifiedClaims(key, wrong, before)).toBeUndefined();
});
