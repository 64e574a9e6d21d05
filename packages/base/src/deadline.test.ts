import { expect, test } from "vitest";
import { Deadline } from "./deadline.ts";

test("a deadline says what is left until it comes, and nothing less afterwards", () => {
  let nowMs = 100;
  const deadline = new Deadline(50, () => nowMs);
  expect([deadline.leftMs, deadline.isOver]).toEqual([50, false]);
  nowMs = 149;
  expect([deadline.leftMs, deadline.isOver]).toEqual([1, false]);
  nowMs = 150;
  expect([deadline.leftMs, deadline.isOver]).toEqual([0, true]);
  nowMs = 1_000;
  expect([deadline.leftMs, deadline.isOver]).toEqual([0, true]);
});

test("one without an end never comes, and one that was over before it began is over", () => {
  expect(new Deadline(Infinity).leftMs).toBe(Infinity);
  expect(new Deadline(-1).isOver).toBe(true);
});
