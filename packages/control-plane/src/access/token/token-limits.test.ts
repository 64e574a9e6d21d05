import { expect, test } from "vitest";
import { limitsWithin, type TokenLimits } from "./token-limits.ts";

const nameOf = (environment: string) => environment;
const made = (maker: TokenLimits, wanted: TokenLimits) => limitsWithin(maker, wanted, nameOf);

test("a token has the limits that are wanted, and its maker's where nothing is wanted", () => {
  expect(made({}, {})).toEqual({ expiresAtMs: undefined });
  expect(made({}, { environment: "ci", readOnly: true, expiresAtMs: 9 })).toEqual({
    environment: "ci",
    readOnly: true,
    expiresAtMs: 9,
  });
  const maker = { environment: "ci", readOnly: true, expiresAtMs: 9 };
  expect(made(maker, {})).toEqual(maker);
  expect(made(maker, { environment: "ci", expiresAtMs: 8, readOnly: false })).toEqual({
    ...maker,
    expiresAtMs: 8,
  });
});

test("a token never allows more than its maker", () => {
  const denied = expect.objectContaining({ code: "TOKEN_WIDER", status: "PERMISSION_DENIED" });
  expect(() => made({ environment: "ci" }, { environment: "main" })).toThrowError(denied);
  expect(() => made({ expiresAtMs: 9 }, { expiresAtMs: 10 })).toThrowError(denied);
});
