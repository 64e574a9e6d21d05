import { repeatedly } from "@dorian/base/repeatedly";
import { sleep } from "@dorian/base/sleep";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { Logger } from "pino";
import { SteadyClock, trustAfterMs } from "./steady-clock.ts";

/** A part of the history: what is kept for a time and then leaves the database. */
export interface ExpiringHistory {
  /** Removes one small slice of what has expired. False when nothing is left to remove. */
  forgetSome(): Promise<boolean>;
}

/** Rest after a slice, in multiples of the time that it took: forgetting takes at most a tenth of the database's time. */
const restFactor = 9;
const everyMs = 10 * 60_000;

/**
 * Removes what has expired, slice by slice, so that no caller waits for more than one. Rejects with the signal's reason when
 * it aborts between two slices.
 */
export async function forgetExpired(
  histories: readonly ExpiringHistory[],
  options: { signal: AbortSignal; rests: boolean },
): Promise<void> {
  const { signal, rests } = options;
  for (const history of histories) {
    for (;;) {
      signal.throwIfAborted();
      const slice = new Stopwatch();
      if (!(await history.forgetSome())) break;
      if (rests) await sleep(slice.ms * restFactor, { signal });
    }
  }
}

/** Looks every ten minutes. Disposing waits for the slice that is being removed. */
export function keepForgetting(
  histories: readonly ExpiringHistory[],
  options: { logger: Logger; nowMs: () => number; elapsedMs: () => number },
): AsyncDisposable {
  const clock = new SteadyClock();
  const look = async (signal: AbortSignal) => {
    const steadyMs = clock.steadyMs({ wallMs: options.nowMs(), monotonicMs: options.elapsedMs() });
    if (steadyMs < trustAfterMs) return;
    try {
      await forgetExpired(histories, { signal, rests: true });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  };
  const onError = (error: unknown) =>
    options.logger.error({ err: error }, "removing what has expired failed");
  return repeatedly(look, { everyMs, onError });
}
