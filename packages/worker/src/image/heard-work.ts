import { SharedWork } from "@dorian/base/shared-work";

export interface Participant {
  onLog: (text: string) => void;
  signal: AbortSignal;
}

/** Shared work that says what it does: each who asks for it hears what was said so far and what follows. */
export class HeardWork<T> {
  #work = new SharedWork<string, T>();
  #logs = new Map<string, HeardLog>();

  async run(key: string, work: (participant: Participant) => Promise<T>, asker: Participant): Promise<T> {
    const result = this.#work.run(key, (signal) => this.#start(key, work, signal), asker);
    using _ = this.#logs.get(key)?.listen(asker.onLog);
    return await result;
  }

  async #start(key: string, work: (participant: Participant) => Promise<T>, signal: AbortSignal): Promise<T> {
    const log = new HeardLog();
    this.#logs.set(key, log);
    try {
      return await work({ onLog: (text) => log.say(text), signal });
    } finally {
      if (this.#logs.get(key) === log) this.#logs.delete(key);
    }
  }
}

class HeardLog {
  #said: string[] = [];
  #listeners = new Set<(text: string) => void>();

  say(text: string): void {
    this.#said.push(text);
    for (const listener of this.#listeners) listener(text);
  }

  listen(hear: (text: string) => void): Disposable {
    for (const text of this.#said) hear(text);
    // Of its own identity: two askers may pass the same function.
    const listener = (text: string) => hear(text);
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }
}
