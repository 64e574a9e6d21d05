import {
  GenericResult_GenericStatus,
  type FunctionRetryPolicy,
  type GenericResult,
} from "@dorian/protocol/modal";
import type { FunctionCall } from "./function-call.ts";

/** True for outcomes that the user's retry policy is about. */
export function isRetryable(result: GenericResult): boolean {
  if (result.final) return false;
  return (
    result.status === GenericResult_GenericStatus.FAILURE ||
    result.status === GenericResult_GenericStatus.TIMEOUT ||
    result.status === GenericResult_GenericStatus.INTERNAL_FAILURE
  );
}

/** What a caller has received, or a container has read for good, cannot be had twice. */
export function canRunAgain(call: FunctionCall): boolean {
  return call.yielded === 0 && (call.live?.in.isWhole ?? true);
}

/** The most that a timer takes: a policy may name more, and one that names none grows without end. */
const longestDelayMs = 2 ** 31 - 1;

/**
 * Delay in milliseconds before the user's next attempt, or undefined when the policy allows none.
 *
 * @param spent - Retries already used.
 */
export function retryDelayMs(policy: FunctionRetryPolicy | undefined, spent: number): number | undefined {
  if (!policy || spent >= policy.retries) return undefined;
  // Clients may send any number, and what is none.
  const coefficient = policy.backoffCoefficient >= 1 ? policy.backoffCoefficient : 1;
  // Nothing times without end is no number.
  const delay = policy.initialDelayMs * coefficient ** spent || 0;
  return Math.max(0, Math.min(delay, policy.maxDelayMs || longestDelayMs, longestDelayMs));
}
