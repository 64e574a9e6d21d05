import { create } from "@bufbuild/protobuf";
import { GenericResultSchema, type GenericResult } from "@dorian/protocol/modal";
import type { Cause } from "./cause.ts";

/** Why a container ended before it asked for an input. */
export interface StartFailure {
  cause: Cause;
  result: GenericResult;
}

/** Starts of one function that failed, with none between that succeeded. */
export interface CrashLoopState {
  /** Rounds of them: those that began together count once. */
  failures: number;
  /** How many of these were unclear. */
  unclear: number;
  /** When the first failed. */
  sinceMs: number;
  pausedUntilMs: number;
}

export const noFailures: CrashLoopState = { failures: 0, unclear: 0, sinceMs: 0, pausedUntilMs: 0 };

/** A broken image would fail for ever; a machine in trouble rarely does three times in a row. */
const triesOfUnclear = 3;

/**
 * How long callers wait for a platform or a machine that fails: time for an operator who was called to make room or to
 * start something anew, and short enough for a caller to be told within the hour that nobody did.
 */
export const patienceMs = 10 * 60_000;

/** Pauses before starts of code that fails: its author has to act, so they may become long. */
const pausesOfCode = { firstMs: 1_000, longestMs: 300_000 };
/** Pauses before starts after trouble that passes: the first tries come at once, and an end of the trouble is noticed within half a minute. */
const pausesOfTrouble = { firstMs: 100, longestMs: 30_000 };

/** What follows a failed start. A start that succeeds resets to {@link noFailures}. */
export interface Verdict {
  state: CrashLoopState;
  /** Whose calls fail with it: those of all who wait, or of whoever has waited for {@link patienceMs}. */
  told: "nobody" | "patient" | "all";
}

export function afterFailedStart(
  before: CrashLoopState,
  { cause }: Pick<StartFailure, "cause">,
  nowMs: number,
): Verdict {
  const isSameRound = nowMs < before.pausedUntilMs;
  const failures = before.failures + (isSameRound ? 0 : 1);
  const unclear = before.unclear + (cause === "unclear" && !isSameRound ? 1 : 0);
  const sinceMs = before.failures === 0 ? nowMs : before.sinceMs;
  const { firstMs, longestMs } = cause === "code" || cause === "unclear" ? pausesOfCode : pausesOfTrouble;
  const pauseMs = Math.min(firstMs * 2 ** (failures - 1), longestMs);
  const pausedUntilMs = Math.max(before.pausedUntilMs, nowMs + pauseMs);
  return {
    state: { failures, unclear, sinceMs, pausedUntilMs: isSameRound ? before.pausedUntilMs : pausedUntilMs },
    told: whoIsTold(cause, { unclear, lastsMs: nowMs - sinceMs }),
  };
}

function whoIsTold(cause: Cause, facts: { unclear: number; lastsMs: number }): Verdict["told"] {
  if (cause === "code" || (cause === "unclear" && facts.unclear >= triesOfUnclear)) return "all";
  return facts.lastsMs >= patienceMs ? "patient" : "nobody";
}

/** Somebody asks anew after earlier inputs failed: one more try, at once. */
export function afterNewDemand(state: CrashLoopState): CrashLoopState {
  return { ...state, pausedUntilMs: 0 };
}

/** What is told to those who have waited for as long as anybody is to wait. */
export function outOfPatience(result: GenericResult): GenericResult {
  const exception = `${result.exception} It was tried for ${patienceMs / 60_000} minutes.`;
  return create(GenericResultSchema, { ...result, exception });
}

/** What is told to those who wait on. */
export function whatFollows(tag: string, state: CrashLoopState, nowMs: number, inputs: number): string {
  const times =
    state.failures === 1 ? "once" : `${state.failures} times in ${seconds(nowMs - state.sinceMs)}`;
  const waiting = inputs === 1 ? "1 input waits" : `${inputs} inputs wait`;
  return `${tag} could not start (${times}). It is tried again in ${seconds(state.pausedUntilMs - nowMs)}; ${waiting}.`;
}

function seconds(ms: number): string {
  return `${Math.max(0, ms / 1000).toFixed(1)} s`;
}
