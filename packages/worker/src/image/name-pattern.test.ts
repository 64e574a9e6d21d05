import fc from "fast-check";
import { expect, test } from "vitest";
import { namePattern } from "./name-pattern.ts";

test.each([
  ["*.txt", ["a.txt", ".txt"], ["a.txt.gz", "txt"]],
  ["a?c", ["abc", "aéc", "a😀c"], ["ac", "abbc"]],
  ["[a-c]x", ["ax", "cx"], ["dx", "x"]],
  ["[^a-c]x", ["dx"], ["ax"]],
  ["[\\]]", ["]"], ["\\"]],
  ["\\*", ["*"], ["a"]],
  ["**", ["", "anything"], []],
  ["{a,b}", ["{a,b}"], ["a", "b"]],
  ["a*b*c", ["abc", "a-b-b-c"], ["acb", "ab"]],
])("the pattern %s takes %j and not %j", (pattern, taken, refused) => {
  const takes = namePattern(pattern);
  expect(taken.map((name) => takes?.(name))).toEqual(taken.map(() => true));
  expect(refused.map((name) => takes?.(name))).toEqual(refused.map(() => false));
});

test.each(["[", "[]", "[a", "[a-]", "\\", "[^]"])("%s is no pattern", (pattern) => {
  expect(namePattern(pattern)).toBeUndefined();
});

test("a pattern takes what a regular expression of it takes", () => {
  const letters = fc.constantFrom("a", "b", "*", "?");
  fc.assert(
    fc.property(
      fc.string({ unit: letters, maxLength: 8 }),
      fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 10 }),
      (pattern, name) => {
        const expression = pattern.replaceAll(/\*+/g, "[^]*").replaceAll("?", "[^]");
        expect(namePattern(pattern)?.(name)).toBe(new RegExp(`^${expression}$`, "u").test(name));
      },
    ),
  );
});

test("a pattern that was made to take for ever is answered", () => {
  expect(namePattern(`${"*a".repeat(120)}b`)?.("a".repeat(255))).toBe(false);
});
