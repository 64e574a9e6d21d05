import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openSecret, sealSecret } from "./secret-seal.ts";

test("a sealed secret opens with its key and id only, and not when it was changed", () => {
  const key = randomBytes(32);
  const sealed = sealSecret(key, "st-1", { A: "ü\n" });
  expect(openSecret(key, "st-1", sealed)).toEqual({ A: "ü\n" });
  const changed = Uint8Array.from(sealed);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  for (const attempt of [
    () => openSecret(randomBytes(32), "st-1", sealed),
    () => openSecret(key, "st-2", sealed),
    () => openSecret(key, "st-1", changed),
  ]) {
    expect(attempt).toThrowError(expect.objectContaining({ code: "SECRET_UNREADABLE" }));
  }
});
