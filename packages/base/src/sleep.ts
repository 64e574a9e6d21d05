import { offAbort, onAbort } from "./on-abort.ts";
/**
 * Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first.
 */
export function sleep(ms: number, options: { signal: AbortSignal }): Promise<void> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(() => {
      offAbort(signal, abort);
      resolve();
    }, ms);
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    onAbort(signal, abort);
  });
}
