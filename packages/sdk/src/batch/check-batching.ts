import { AppError } from "@dorian/base/app-error";
import { checkRange } from "../option/check-range.ts";
import type { Batching } from "./batch.ts";

/**
 * Checks how the inputs of a function or method are gathered. `owner` names it in errors.
 *
 * @throws AppError OPTION_INVALID, GENERATOR_BATCHED, SCHEDULED_BATCHED
 */
export function checkBatching(
  owner: string,
  batching: Batching | undefined,
  { isGenerator, isScheduled }: { isGenerator: boolean; isScheduled: boolean },
): void {
  if (batching === undefined) return;
  // Plain JavaScript may pass anything.
  const { maxBatchSize, waitMs } = Object(batching) as Partial<Batching>;
  for (const [name, value, low, high] of [
    ["maxBatchSize", maxBatchSize ?? null, 1, 1000],
    ["waitMs", waitMs ?? null, 0, 600_000],
  ] as const)
    checkRange(owner, `batched.${name}`, value, { low, high, whole: true });
  if (isScheduled) {
    throw new AppError(
      "SCHEDULED_BATCHED",
      `${owner} is batched, and has a schedule, which passes it nothing.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: "Give the schedule to another function, which may call this one.",
      },
    );
  }
  if (!isGenerator) return;
  throw new AppError("GENERATOR_BATCHED", `${owner} is batched, and a generator.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Return a list with one result for each input of the batch.",
  });
}
