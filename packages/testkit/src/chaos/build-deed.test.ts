import { expect, test } from "vitest";
import { SeenSteps } from "./build-deed.ts";

const lines = (...made: [number, string][]) =>
  made.map(([step, text]) => `step ${step} of 7 made ${text}`).join("\nsomething else\n");

test("a step that runs again before it was finished is none of anybody's business", () => {
  const seen = new SeenSteps(7);
  seen.read(lines([1, "a"], [2, "b"]));
  seen.read(lines([2, "c"], [3, "d"], [4, "e"]));
  const found = ["a\n", "a\n", "c\n", "a\nc\n", "d\n", "a\nc\nd\n", "e\n", "a\nc\nd\ne\n"];
  expect(() => seen.check(found)).not.toThrow();
});

test("a step that runs again after the next one had begun is told", () => {
  const seen = new SeenSteps(7);
  seen.read(lines([1, "a"], [2, "b"], [3, "c"]));
  expect(() => seen.read(lines([1, "a"], [2, "x"]))).toThrow(
    "step 2 of build 7 had made b, was finished, and made x when it ran again",
  );
});

test.each([
  [["a\n", "a\n", "b\n", "a\nb\n", "c\n", "a\nb\nc\n", "x\n", "a\nb\nc\nx\n"], "at step 4"],
  [["a\n", "a\n", "b\n", "z\nb\n", "c\n", "a\nb\nc\n", "d\n", "a\nb\nc\nd\n"], "at step 2"],
])("an image whose files are not what its steps said they made is told", (found, where) => {
  const seen = new SeenSteps(7);
  seen.read(lines([1, "a"], [2, "b"], [3, "c"], [4, "d"]));
  expect(() => seen.check(found)).toThrow(where);
});
