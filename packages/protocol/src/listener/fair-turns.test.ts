import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { FairTurns } from "./fair-turns.ts";

test("a few are begun at once, and many a few in each turn", async () => {
  const turns = new FairTurns(4);
  const begun: number[] = [];
  const asker = {};
  for (let index = 0; index < 10; index++) turns.begin(asker, () => begun.push(index));
  expect(begun).toEqual([0, 1, 2, 3]);
  await setImmediate();
  expect(begun).toHaveLength(8);
  await setImmediate();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("who has one question waits for others' first ones, not for all that they have asked before [B8]", async () => {
  const turns = new FairTurns(4);
  const begun: string[] = [];
  const many = [{}, {}, {}];
  for (const [who, asker] of many.entries())
    for (let index = 0; index < 1_000; index++) turns.begin(asker, () => begun.push(`${who}`));
  turns.begin({}, () => begun.push("one"));
  await setImmediate();
  await setImmediate();
  expect(begun.indexOf("one")).toBeLessThanOrEqual(8);
  expect(begun.indexOf("one")).toBeGreaterThan(0);
});

test("single ones are begun at once, turn after turn", async () => {
  const turns = new FairTurns(4);
  let begun = 0;
  for (let index = 1; index <= 100; index++) {
    turns.begin({}, () => (begun += 1));
    expect(begun).toBe(index);
    await setImmediate();
  }
});
