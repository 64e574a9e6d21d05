import { expect, test } from "vitest";
import { Stopwatch } from "./stopwatch.ts";

test("a stopwatch counts from its start, and from its restart", () => {
  let nowMs = 100;
  const watch = new Stopwatch(() => nowMs);
  nowMs = 130;
  expect(watch.ms).toBe(30);
  watch.restart();
  expect(watch.ms).toBe(0);
  nowMs = 131;
  expect(watch.ms).toBe(1);
});
