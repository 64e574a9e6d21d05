import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AwakeTimers } from "./awake-timer.ts";

/** Timers on a clock that stands still when the test says so. */
function timers() {
  let stalledMs = 0;
  const beganAtMs = performance.now();
  const made = new AwakeTimers(() => performance.now() - beganAtMs + stalledMs);
  return { made, stall: (ms: number) => (stalledMs += ms) };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("it acts after its time, once, and not when it was called off", async () => {
  const { made } = timers();
  const acted: string[] = [];
  made.after(5_000, () => acted.push("a"));
  const off = made.after(5_000, () => acted.push("b"));
  await pass(4_900);
  expect(acted).toEqual([]);
  off.clear();
  await pass(60_000);
  expect(acted).toEqual(["a"]);
});

test("time in which this process stood still does not count [L6]", async () => {
  const { made, stall } = timers();
  const acted: string[] = [];
  made.after(10_000, () => acted.push("due"));
  await pass(4_000);
  stall(3_600_000);
  await pass(5_000);
  expect(acted).toEqual([]);
  await pass(3_000);
  expect(acted).toEqual(["due"]);
});

test("what was all but due when the process stood still waits until what came meanwhile was read [L6]", async () => {
  const { made, stall } = timers();
  const acted: string[] = [];
  const timer = made.after(10_000, () => acted.push("due"));
  await pass(9_995);
  stall(11_000);
  await pass(500);
  expect(acted).toEqual([]);
  timer.clear();
  await pass(60_000);
  expect(acted).toEqual([]);
});

test("a pause in which no timer waited is no stall", async () => {
  const { made } = timers();
  const acted: string[] = [];
  made.after(100, () => acted.push("first"));
  await pass(200);
  await pass(60_000);
  made.after(2_000, () => acted.push("second"));
  await pass(1_900);
  expect(acted).toEqual(["first"]);
  await pass(200);
  expect(acted).toEqual(["first", "second"]);
});

test("nothing is left that runs when no timer waits", async () => {
  const { made } = timers();
  made.after(10, () => undefined);
  made.after(20_000, () => undefined).clear();
  await pass(1_000);
  expect(vi.getTimerCount()).toBe(0);
});
