import { expect, test } from "vitest";
import { isOlder } from "./client-version.ts";

test("versions compare by their numbers, not by their text", () => {
  expect(isOlder("0.64.57", "0.66")).toBe(true);
  expect(isOlder("0.64.167", "0.64.57")).toBe(false);
  expect(isOlder("1.10.0", "1.9")).toBe(false);
  expect(isOlder("1.1.0", "1.1")).toBe(false);
  expect(isOlder("1.0.99.dev3", "1.1")).toBe(true);
});

test("a caller without a version is taken for the newest", () => {
  expect(isOlder(undefined, "1.1")).toBe(false);
  expect(isOlder("", "1.1")).toBe(false);
});
