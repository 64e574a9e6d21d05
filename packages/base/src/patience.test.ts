import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Patience } from "./patience.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const signal = new AbortController().signal;

/** Patience of 60 s, and how long it lasts from now on with somebody who only fails. */
function patienceOfAMinute() {
  let stalledMs = 0;
  const elapsedMs = () => performance.now() + stalledMs;
  const patience = new Patience({ limitMs: 60_000, firstMs: 100, maxMs: 2_000, elapsedMs });
  const again = async () => {
    const answer = patience.again({ signal });
    await vi.advanceTimersByTimeAsync(2_500);
    return await answer;
  };
  const secondsLeft = async () => {
    const from = performance.now();
    while (await again());
    return (performance.now() - from) / 1000;
  };
  return { patience, again, secondsLeft, stall: (ms: number) => (stalledMs += ms) };
}

test("patience counts from the first failure, however long one had waited before [L10]", async () => {
  const { secondsLeft } = patienceOfAMinute();
  await vi.advanceTimersByTimeAsync(46_000);
  expect(await secondsLeft()).toBeGreaterThanOrEqual(60);
});

test("a success makes patience whole again [L10]", async () => {
  const { patience, again, secondsLeft } = patienceOfAMinute();
  for (let failures = 0; failures < 20; failures += 1) expect(await again()).toBe(true);
  patience.succeeded();
  expect(await secondsLeft()).toBeGreaterThanOrEqual(60);
});

test("without a success it runs out", async () => {
  const { again, secondsLeft } = patienceOfAMinute();
  for (let failures = 0; failures < 20; failures += 1) expect(await again()).toBe(true);
  expect(await secondsLeft()).toBeLessThan(20);
});

test("a pause in which this process stood still is not held against others [L6]", async () => {
  const { patience, secondsLeft, stall } = patienceOfAMinute();
  const answer = patience.again({ signal });
  stall(3_600_000);
  await vi.advanceTimersByTimeAsync(200);
  expect(await answer).toBe(true);
  expect(await secondsLeft()).toBeGreaterThanOrEqual(55);
});

test("none at all gives up at the first failure", async () => {
  const patience = new Patience({ limitMs: 0, firstMs: 100, maxMs: 2_000 });
  expect(await patience.again({ signal })).toBe(false);
});
