import { AppError } from "@dorian/base/app-error";
import type { StepOptions } from "./step-options.ts";

/**
 * Parts what a method was given into names and the options behind them.
 *
 * @throws AppError IMAGE_STEP_EMPTY, IMAGE_STEP_INVALID
 */
export function split<O extends StepOptions = StepOptions>(
  method: string,
  values: (string | O)[],
): { names: string[]; options: O } {
  const last = values.at(-1);
  const given = isOptions<O>(last) ? last : undefined;
  const names = given === undefined ? values : values.slice(0, -1);
  if (names.some((name) => typeof name !== "string")) {
    throw new AppError("IMAGE_STEP_INVALID", `${method} was given something that is not a string.`, {
      status: "INVALID_ARGUMENT",
      remedy: `Pass strings one by one, and options last: ${method}("a", "b", { forceBuild: true }).`,
    });
  }
  if (names.some((name) => (name as string).trim() === "")) throw emptyStep(method);
  return { names: names as string[], options: given ?? ({} as O) };
}

function isOptions<O>(value: unknown): value is O {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names the method that was given nothing. */
export function emptyStep(method: string): AppError {
  return new AppError("IMAGE_STEP_EMPTY", `${method} was given nothing to do.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Leave it out, or write what to install or run.",
  });
}
