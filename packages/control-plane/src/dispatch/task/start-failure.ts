import { AppError, explanationOf } from "@dorian/base/app-error";
import type { GenericResult } from "@dorian/protocol/modal";
import { serverResult } from "../call/results.ts";
import type { StartFailure } from "../failure/crash-loop.ts";
import { causeOfFailure } from "../failure/cause.ts";
import type { TaskEnd } from "./task.ts";

/** Undefined for an end that says nothing about whether the function can start. */
export function failureOfEnd({ cause, failure, reason }: TaskEnd): StartFailure | undefined {
  if (cause === "asked" || cause === "lost") return undefined;
  return { cause, result: failure ?? serverResult("INIT_FAILURE", `${reason} It had not become ready.`) };
}

/** The container says itself what the user's code has thrown. */
export function failureOfCode(result: GenericResult): StartFailure {
  return { cause: "code", result };
}

/** What a container needs could not be put together. */
export function failureOfPlan(error: unknown): StartFailure {
  return {
    cause: AppError.is(error) ? causeOfFailure(error.status) : "platform",
    result: serverResult("INIT_FAILURE", explanationOf(error)),
  };
}

/** Tells the failure of a start that took too long: until its process runs, time is the platform's. */
export function failureOfTime(limitMs: number, options: { saidHello: boolean }): StartFailure {
  if (options.saidHello) {
    const text = `The container was not ready within ${limitMs / 1000} s. Give it longer with \`startupTimeout\`.`;
    return { cause: "code", result: serverResult("TIMEOUT", text) };
  }
  const text = `The container's process did not run within ${limitMs / 1000} s.`;
  return { cause: "platform", result: serverResult("INIT_FAILURE", text) };
}
