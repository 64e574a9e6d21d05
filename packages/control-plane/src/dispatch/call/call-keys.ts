/** Requests may be retried for so long and still be recognised. */
export const keyLifeMs = 15 * 60_000;

/** The call that a request with a certain key made. */
export interface KeyedCall {
  callId: string;
  /** Resolves when the call may be acknowledged; tries to write it down again when that has failed. */
  accepted: () => Promise<void>;
}

/** Calls by the keys of the requests that made them, for as long as clients retry. */
export class CallKeys {
  #elapsedMs: () => number;
  #calls = new Map<string, KeyedCall & { atMs: number }>();

  /** `elapsedMs`: a clock that nobody sets. A key that is forgotten too soon makes two calls of one. */
  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  /** An empty key is none. */
  get(key: string): KeyedCall | undefined {
    return key === "" ? undefined : this.#calls.get(key);
  }

  add(key: string, call: KeyedCall): void {
    if (key !== "") this.#calls.set(key, { ...call, atMs: this.#elapsedMs() });
  }

  remove(key: string): void {
    this.#calls.delete(key);
  }

  sweep(): void {
    for (const [key, { atMs }] of this.#calls)
      if (atMs + keyLifeMs < this.#elapsedMs()) this.#calls.delete(key);
  }
}
