import { expect, test } from "vitest";
import { withoutEnding } from "./without-ending.ts";

test("only what a text ends with is left out", () => {
  expect(["", "/", "a", "a//", "//a/b/"].map((text) => withoutEnding(text, "/"))).toEqual([
    "",
    "",
    "a",
    "a",
    "//a/b",
  ]);
});

test("a long row of the letter in the midst of a text takes no longer than any other text [B11]", () => {
  const text = `${"*".repeat(10_000_000)}x`;
  expect(withoutEnding(text, "*")).toBe(text);
});
