import { AppError, type StatusName } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";

const delayMs = 1_000;

/** What a server answers that has no room, or is in trouble: it may have none of that a little later. */
const passing: ReadonlySet<StatusName> = new Set([
  "RESOURCE_EXHAUSTED",
  "INTERNAL",
  "UNKNOWN",
  "UNAVAILABLE",
  "ABORTED",
  "DEADLINE_EXCEEDED",
]);

/**
 * Asks the server until it answers, however long that takes: a container that gave up would lose what it works on, and it
 * would look like its code's doing.
 */
export async function patiently<T>(ask: () => Promise<T>, options: { signal: AbortSignal }): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (options.signal.aborted || !AppError.is(error) || !passing.has(error.status)) throw error;
      await sleep(delayMs, options);
    }
  }
}
