import { orAborted } from "./or-aborted.ts";

interface Run<T> {
  result: Promise<T>;
  abort: AbortController;
  /** Who has not given up. */
  waiting: number;
}

/** Does a thing once for all who ask for it at the same time; whoever asks later has it done anew. */
export class SharedWork<K, T> {
  #running = new Map<K, Run<T>>();

  isRunning(key: K): boolean {
    return this.#running.has(key);
  }

  /** What the work for a key that runs comes to; undefined when none does. Who joins it does not give up. */
  join(key: K): Promise<T> | undefined {
    const run = this.#running.get(key);
    if (!run) return undefined;
    run.waiting += 1;
    return run.result;
  }

  /**
   * What `work` comes to, or the work for the same key that runs already. Who gives a signal may give up: when all have, the signal
   * of the work aborts, who comes later has it done anew, and the last to leave waits until it has ended.
   */
  async run(
    key: K,
    work: (signal: AbortSignal) => Promise<T>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<T> {
    signal?.throwIfAborted();
    const run = this.#running.get(key) ?? this.#start(key, work);
    run.waiting += 1;
    if (!signal) return await run.result;
    try {
      return await orAborted(run.result, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    run.waiting -= 1;
    if (run.waiting === 0) {
      this.#forget(key, run);
      run.abort.abort(signal.reason);
      await Promise.allSettled([run.result]);
    }
    // Aborted work fails in ways of its own.
    throw signal.reason;
  }

  /** Resolves, never rejects, when all that runs now has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#running.values()].map((run) => run.result));
  }

  #start(key: K, work: (signal: AbortSignal) => Promise<T>): Run<T> {
    const abort = new AbortController();
    const result = work(abort.signal);
    const run = { result, abort, waiting: 0 };
    this.#running.set(key, run);
    const forget = () => this.#forget(key, run);
    result.then(forget, forget);
    return run;
  }

  #forget(key: K, run: Run<T>): void {
    if (this.#running.get(key) === run) this.#running.delete(key);
  }
}
