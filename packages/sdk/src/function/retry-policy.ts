import { checkRange } from "../option/check-range.ts";

/** When a failed input is tried again. */
export interface RetryPolicy {
  /** At most 10. */
  maxRetries: number;
  /** Seconds before the first; 0 to 60, default 1. */
  initialDelay?: number;
  /** Seconds that a delay grows to, at most; 1 to 60, default 60. */
  maxDelay?: number;
  /** Factor from one delay to the next; 1 to 10, default 2. */
  backoffCoefficient?: number;
}

/** A policy as the server takes it. */
export function retryMessage(retries: number | RetryPolicy): {
  retries: number;
  backoffCoefficient: number;
  initialDelayMs: number;
  maxDelayMs: number;
} {
  const policy = typeof retries === "object" ? retries : { maxRetries: retries };
  return {
    retries: policy.maxRetries,
    backoffCoefficient: policy.backoffCoefficient ?? 2,
    initialDelayMs: Math.round((policy.initialDelay ?? 1) * 1000),
    maxDelayMs: Math.round((policy.maxDelay ?? 60) * 1000),
  };
}

/** Checks of what a function or class says of retries. `owner` names it in errors. */
export function* retryChecks(
  owner: string,
  retries: number | RetryPolicy | undefined,
): Generator<() => void> {
  if (typeof retries !== "object" || retries === null) {
    yield () => checkRange(owner, "retries", retries, { low: 0, high: 10, whole: true });
    return;
  }
  for (const [name, low, high, whole = false] of [
    ["maxRetries", 0, 10, true],
    ["initialDelay", 0, 60],
    ["maxDelay", 1, 60],
    ["backoffCoefficient", 1, 10],
  ] as const)
    yield () => checkRange(owner, `retries.${name}`, retries[name], { low, high, whole });
}
