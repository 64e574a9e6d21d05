import { expect, test } from "vitest";
import { serverResult } from "../call/results.ts";
import { afterFailedStart, afterNewDemand, noFailures } from "./crash-loop.ts";

const result = serverResult("FAILURE", "no");

test("the user's own error fails the waiting inputs at once", () => {
  expect(afterFailedStart(noFailures, { kind: "user", result }, 0).failInputs).toBe(true);
});

test("other failures are tried three times, with pauses that grow to five minutes [F7]", () => {
  let state = noFailures;
  const verdicts: boolean[] = [];
  const pauses: number[] = [];
  for (let n = 0; n < 12; n++) {
    const after = afterFailedStart(state, { kind: "infrastructure", result }, 1_000);
    verdicts.push(after.failInputs);
    pauses.push(after.state.pausedUntilMs - 1_000);
    state = after.state;
  }
  expect(verdicts.slice(0, 4)).toEqual([false, false, true, true]);
  expect(pauses.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(pauses.at(-1)).toBe(300_000);
  expect(afterNewDemand(state).pausedUntilMs).toBe(0);
});
