import type { FunctionRetryPolicy } from "@dorian/protocol/modal";

/** The most that a policy can name: one that names none grows without end. */
const longestDelayMs = 2 ** 32 - 1;

/**
 * Delay in milliseconds before the user's next attempt, or undefined when the policy allows none.
 *
 * @param spent - Retries already used.
 */
export function retryDelayMs(policy: FunctionRetryPolicy | undefined, spent: number): number | undefined {
  if (!policy || spent >= policy.retries) return undefined;
  const coefficient = policy.backoffCoefficient || 1;
  const delay = policy.initialDelayMs * coefficient ** spent;
  return Math.min(delay, policy.maxDelayMs || longestDelayMs);
}
