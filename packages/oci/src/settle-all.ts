import { AppError } from "@dorian/base/app-error";

/**
 * Waits for all parts of one job. When several fail, because one's failure broke the streams of the others, throws the
 * one that says what happened.
 */
export async function settleAll(parts: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(parts);
  const failures = results
    .filter((result) => result.status === "rejected")
    .map((result): unknown => result.reason);
  if (failures.length > 0) throw failures.find(AppError.is) ?? failures[0];
}
