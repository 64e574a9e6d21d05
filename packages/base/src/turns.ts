/** Works on one thing, one work after the other, in the order of those who ask. One that fails holds up nobody. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Nobody has a turn or waits for one. */
  get isIdle(): boolean {
    return this.#count === 0;
  }

  /** What `work` comes to, which is done once all that was asked for before is over. */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    this.#count += 1;
    const turn = this.#last.then(work).finally(() => {
      this.#count -= 1;
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves, never rejects, once all that was asked for until now is over. */
  async settled(): Promise<void> {
    await this.#last;
  }
}

/** Turns on each of many things: works on different ones do not wait for one another. */
export class TurnsByKey<K> {
  #byKey = new Map<K, Turns>();

  async take<T>(key: K, work: () => T | Promise<T>): Promise<T> {
    const turns = this.#byKey.get(key) ?? new Turns();
    this.#byKey.set(key, turns);
    try {
      return await turns.take(work);
    } finally {
      if (turns.isIdle) this.#byKey.delete(key);
    }
  }
}
