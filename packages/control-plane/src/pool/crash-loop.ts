import type { GenericResult } from "@dorian/protocol/modal";

/**
 * Why a container ended before it asked for an input. `user`: the function's own code or settings, which another try
 * would not change. `infrastructure`: anything else.
 */
export interface StartFailure {
  kind: "user" | "infrastructure";
  result: GenericResult;
}

export interface CrashLoopState {
  failures: number;
  pausedUntilMs: number;
}

export const noFailures: CrashLoopState = { failures: 0, pausedUntilMs: 0 };

const triesOfInfrastructure = 3;
const firstPauseMs = 1_000;
const longestPauseMs = 300_000;

/**
 * What follows a failed start: whether the waiting inputs fail with it, and how long to wait before the next try. A
 * start that succeeds resets to {@link noFailures}.
 */
export function afterFailedStart(
  state: CrashLoopState,
  failure: StartFailure,
  nowMs: number,
): { state: CrashLoopState; failInputs: boolean } {
  const failures = state.failures + 1;
  const pauseMs = Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs);
  return {
    state: { failures, pausedUntilMs: nowMs + pauseMs },
    failInputs: failure.kind === "user" || failures >= triesOfInfrastructure,
  };
}

/** Somebody asks anew after earlier inputs failed: one more try, at once. */
export function afterNewDemand(state: CrashLoopState): CrashLoopState {
  return { ...state, pausedUntilMs: 0 };
}
