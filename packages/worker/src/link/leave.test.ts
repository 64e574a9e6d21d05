import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { leave, type Departing } from "./leave.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A worker of which the test says what it is at; tells what it did, and after how many seconds. */
function departing(state: { isIdle?: () => boolean; serverAwayMs?: () => number } = {}) {
  const fromMs = performance.now();
  const done: [string, number][] = [];
  const note = (what: string) => done.push([what, Math.round((performance.now() - fromMs) / 1000)]);
  const worker: Departing = {
    announce: () => note("announce"),
    isIdle: state.isIdle ?? (() => false),
    serverAwayMs: state.serverAwayMs ?? (() => 0),
    handBack: async ({ graceMs }) => void note(`hand back in ${graceMs / 1000} s`),
  };
  const stop = new AbortController();
  const left = leave(worker, { workMs: 30_000, exitMs: 20_000, signal: stop.signal });
  return { done, left, stop, secondsGone: () => (performance.now() - fromMs) / 1000 };
}

test("a worker that ends says so first and gives what runs its grace [L8]", async () => {
  const { done, left } = departing();
  await vi.advanceTimersByTimeAsync(60_000);
  await left;
  expect(done).toEqual([
    ["announce", 0],
    ["hand back in 20 s", 30],
  ]);
});

test("it goes as soon as nothing runs any more [L8]", async () => {
  let idle = false;
  const { done, left } = departing({ isIdle: () => idle });
  await vi.advanceTimersByTimeAsync(4_000);
  idle = true;
  await vi.advanceTimersByTimeAsync(1_000);
  await left;
  expect(done.at(-1)).toEqual(["hand back in 20 s", 4]);
});

test("it waits for a server that restarts, and not for one that stays away [L8]", async () => {
  const beganAtMs = performance.now();
  const { done, left } = departing({ serverAwayMs: () => performance.now() - beganAtMs });
  await vi.advanceTimersByTimeAsync(60_000);
  await left;
  expect(done.at(-1)).toEqual(["hand back in 20 s", 10]);
});

test("a second signal hurries it: what runs gets no grace [L8]", async () => {
  const { done, left, stop } = departing();
  await vi.advanceTimersByTimeAsync(3_000);
  stop.abort();
  await vi.advanceTimersByTimeAsync(1_000);
  await left;
  expect(done.at(-1)).toEqual(["hand back in 0 s", 3]);
});
