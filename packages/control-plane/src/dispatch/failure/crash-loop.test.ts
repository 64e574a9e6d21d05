import fc from "fast-check";
import { expect, test } from "vitest";
import type { Cause } from "./cause.ts";
import { afterFailedStart, afterNewDemand, noFailures, patienceMs, whatFollows } from "./crash-loop.ts";

/** Starts that fail one after the other, each as soon as it may be tried. */
function series(cause: Cause, count: number) {
  let state = noFailures;
  let nowMs = 1_000;
  return Array.from({ length: count }, () => {
    nowMs = Math.max(nowMs, state.pausedUntilMs);
    const after = afterFailedStart(state, { cause }, nowMs);
    state = after.state;
    return { nowMs, pauseMs: state.pausedUntilMs - nowMs, told: after.told };
  });
}

test("the user's own error fails the waiting inputs at once, and pauses grow to five minutes [L5] [F7]", () => {
  const tries = series("code", 12);
  expect(tries.every(({ told }) => told === "all")).toBe(true);
  expect(tries.slice(0, 4).map(({ pauseMs }) => pauseMs)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(tries.at(-1)?.pauseMs).toBe(300_000);
});

test("an end before the user's code had its turn is believed at the third time [L5]", () => {
  const tries = series("unclear", 4);
  expect(tries.map(({ told }) => told)).toEqual(["nobody", "nobody", "all", "all"]);
});

test.for<Cause>(["killed", "outside", "platform"])(
  "starts that fail from %s are tried for ten minutes, soon at first and every half minute in the end [L5]",
  (cause) => {
    const tries = series(cause, 60);
    expect(tries.slice(0, 4).map(({ pauseMs }) => pauseMs)).toEqual([100, 200, 400, 800]);
    expect(tries.at(-1)?.pauseMs).toBe(30_000);
    const sinceMs = tries[0]?.nowMs ?? 0;
    for (const { nowMs, told } of tries)
      expect(told).toBe(nowMs - sinceMs < patienceMs ? "nobody" : "patient");
    expect(tries.filter(({ told }) => told === "nobody").length).toBeGreaterThan(20);
  },
);

test("containers that began together and fail together count once [L5]", () => {
  const first = afterFailedStart(noFailures, { cause: "unclear" }, 1_000).state;
  const second = afterFailedStart(first, { cause: "unclear" }, 1_001);
  const third = afterFailedStart(second.state, { cause: "unclear" }, 1_002);
  expect(third.state).toEqual(first);
  expect(third.told).toBe("nobody");
});

test("whoever asks anew gets a try at once [L5]", () => {
  const { state } = afterFailedStart(noFailures, { cause: "platform" }, 1_000);
  expect(afterNewDemand(state)).toEqual({ ...state, pausedUntilMs: 0 });
});

test("nobody is told of what passes before it has lasted as long as callers are to wait [L5]", () => {
  const steps = fc.array(
    fc.record({
      cause: fc.constantFrom<Cause>("killed", "outside", "platform"),
      afterMs: fc.integer({ min: 0, max: 120_000 }),
    }),
  );
  fc.assert(
    fc.property(steps, (failures) => {
      let state = noFailures;
      let nowMs = 0;
      const firstMs = failures[0]?.afterMs ?? 0;
      for (const { cause, afterMs } of failures) {
        nowMs += afterMs;
        const after = afterFailedStart(state, { cause }, nowMs);
        state = after.state;
        expect(after.told).toBe(nowMs - firstMs < patienceMs ? "nobody" : "patient");
        expect(state.pausedUntilMs - nowMs).toBeLessThanOrEqual(30_000);
      }
    }),
  );
});

test("who waits reads how often it was tried, and when it is again [L5]", () => {
  const state = { failures: 3, unclear: 0, sinceMs: 1_000, pausedUntilMs: 2_400 };
  expect(whatFollows("train", state, 2_000, 20)).toBe(
    "train could not start (3 times in 1.0 s). It is tried again in 0.4 s; 20 inputs wait.",
  );
});
