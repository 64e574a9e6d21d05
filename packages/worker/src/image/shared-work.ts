import { offAbort, onAbort } from "@dorian/base/on-abort";
export interface Participant {
  onLog: (text: string) => void;
  signal: AbortSignal;
}

interface Running<T> {
  result: Promise<T>;
  abort: AbortController;
  listeners: Set<(text: string) => void>;
  said: string[];
}

/**
 * Does a thing once for all who ask for it at the same time. Each hears what was said so far and what follows; the work
 * is aborted only when all of them have given up.
 */
export class SharedWork<T> {
  #running = new Map<string, Running<T>>();

  async run(key: string, work: (participant: Participant) => Promise<T>, asker: Participant): Promise<T> {
    asker.signal.throwIfAborted();
    const running = this.#running.get(key) ?? this.#start(key, work);
    for (const text of running.said) asker.onLog(text);
    // Of its own identity: two askers may pass the same function.
    const listener = (text: string) => asker.onLog(text);
    running.listeners.add(listener);
    const gaveUp = Promise.withResolvers<never>();
    const leave = () => {
      running.listeners.delete(listener);
      if (running.listeners.size === 0) {
        if (this.#running.get(key) === running) this.#running.delete(key);
        running.abort.abort(asker.signal.reason);
        // The last to leave waits for the work to be cleared away.
        running.result.then(
          () => gaveUp.reject(asker.signal.reason),
          () => gaveUp.reject(asker.signal.reason),
        );
      } else gaveUp.reject(asker.signal.reason);
    };
    onAbort(asker.signal, leave);
    try {
      return await Promise.race([running.result, gaveUp.promise]);
    } catch (error) {
      // Aborted work fails in ways of its own.
      asker.signal.throwIfAborted();
      throw error;
    } finally {
      offAbort(asker.signal, leave);
      running.listeners.delete(listener);
    }
  }

  #start(key: string, work: (participant: Participant) => Promise<T>): Running<T> {
    const abort = new AbortController();
    const listeners = new Set<(text: string) => void>();
    const said: string[] = [];
    const onLog = (text: string) => {
      said.push(text);
      for (const listener of listeners) listener(text);
    };
    const result = work({ onLog, signal: abort.signal }).finally(() => {
      if (this.#running.get(key) === running) this.#running.delete(key);
    });
    const running = { result, abort, listeners, said };
    this.#running.set(key, running);
    return running;
  }
}
