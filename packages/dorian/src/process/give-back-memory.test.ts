import { expect, test } from "vitest";
import { giveBackMemory, isTimeToGiveBack } from "./give-back-memory.ts";

const mebibyte = 1024 * 1024;

test("memory is given back by a process at rest that holds much more than after the last time", () => {
  const look = { baseBytes: 100 * mebibyte, busyShare: 0.01 };
  expect(isTimeToGiveBack({ ...look, heldBytes: 300 * mebibyte })).toBe(true);
  expect(isTimeToGiveBack({ ...look, heldBytes: 120 * mebibyte })).toBe(false);
  expect(isTimeToGiveBack({ ...look, heldBytes: 300 * mebibyte, busyShare: 0.9 })).toBe(false);
});

test("what a burst left behind is given back while nothing else happens [B7]", async () => {
  using _ = giveBackMemory();
  let burst: Buffer[] | undefined = Array.from({ length: 40 }, () => Buffer.alloc(8 * mebibyte, 1));
  const held = process.memoryUsage.rss();
  expect(burst.length).toBe(40);
  burst = undefined;
  await expect
    .poll(() => process.memoryUsage.rss(), { timeout: 40_000, interval: 1_000 })
    .toBeLessThan(held - 256 * mebibyte);
});
