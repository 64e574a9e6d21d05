import type { CallBytes } from "./call-bytes.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Results of calls stay readable for so long. */
export const resultsMs = 7 * dayMs;
/** That a call has been is remembered for so long: its reader learns that the results have expired. */
const rememberedMs = 30 * dayMs;
/** Whatever they fill, calls are kept for so long: their readers are still on the way. */
const leastMs = hourMs;
/** 20 calls a second with little in them fill 7 GiB in a week. */
export const usualCallBytes = 8 * 2 ** 30;

/** Up to when calls have expired, in unix milliseconds of their making. */
export interface CallTerms {
  /** What older ones were given and gave goes. That they were is still known. */
  contentBeforeMs: number;
  /** Older ones go altogether. */
  allBeforeMs: number;
}

export function callTerms(options: {
  nowMs: number;
  bytes: Pick<CallBytes, "oldestThatFits">;
  limitBytes: number;
}): CallTerms {
  const { nowMs, bytes, limitBytes } = options;
  const tooMuchBeforeMs = Math.min(bytes.oldestThatFits(limitBytes), nowMs - leastMs);
  return {
    contentBeforeMs: Math.max(nowMs - resultsMs, tooMuchBeforeMs),
    allBeforeMs: Math.max(nowMs - rememberedMs, tooMuchBeforeMs),
  };
}
