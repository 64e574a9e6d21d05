import { AppError } from "@dorian/base/app-error";

/**
 * Seconds that a queue may be waited for.
 *
 * @throws AppError OPTION_INVALID
 */
export function checkTimeout(timeout: number): number {
  if (timeout >= 0) return timeout;
  throw new AppError("OPTION_INVALID", `A queue cannot be waited for with timeout: ${timeout}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "It must be a number of seconds, 0 or more; leave it out to wait for as long as it takes.",
  });
}
