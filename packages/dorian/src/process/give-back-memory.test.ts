import { expect, test } from "vitest";
import { giveBackMemory, isWorthCollecting } from "./give-back-memory.ts";

const mebibyte = 1024 * 1024;

test("garbage is collected by a process at rest that holds much more than after the last time", () => {
  const look = { baseBytes: 100 * mebibyte, busyShare: 0.01 };
  expect(isWorthCollecting({ ...look, heldBytes: 300 * mebibyte })).toBe(true);
  expect(isWorthCollecting({ ...look, heldBytes: 120 * mebibyte })).toBe(false);
  expect(isWorthCollecting({ ...look, heldBytes: 300 * mebibyte, busyShare: 0.9 })).toBe(false);
});

test("what a burst left behind is given back while nothing else happens [B7]", async () => {
  using _ = giveBackMemory();
  let burst: Buffer[] | undefined = Array.from({ length: 40 }, () => Buffer.alloc(8 * mebibyte, 1));
  const held = process.memoryUsage().arrayBuffers;
  expect(burst.length).toBe(40);
  burst = undefined;
  await expect
    .poll(() => process.memoryUsage().arrayBuffers, { timeout: 40_000, interval: 1_000 })
    .toBeLessThan(held - 256 * mebibyte);
});
