import { offAbort, onAbort } from "./on-abort.ts";

/**
 * Wakes everyone who waits. Waiters re-check their own condition, so a wake-up carries no data and none is lost
 * between a check and the wait that follows it in the same tick.
 *
 * @example
 * const changed = new Notifier();
 * while (queue.length === 0) await changed.wait({ signal });
 */
export class Notifier {
  #waiters = new Set<() => void>();

  notify(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
  }

  /**
   * Resolves true at the next `notify`, false after `timeoutMs`; rejects with the signal's reason on abort.
   */
  wait(options: { signal: AbortSignal; timeoutMs?: number }): Promise<boolean> {
    const { signal, timeoutMs } = options;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      let timer: NodeJS.Timeout | undefined;
      const finish = () => {
        clearTimeout(timer);
        this.#waiters.delete(wake);
        offAbort(signal, abort);
      };
      const wake = () => {
        finish();
        resolve(true);
      };
      const abort = () => {
        finish();
        reject(signal.reason);
      };
      if (timeoutMs !== undefined) {
        timer = setTimeout(() => {
          finish();
          resolve(false);
        }, timeoutMs);
      }
      this.#waiters.add(wake);
      onAbort(signal, abort);
    });
  }
}
