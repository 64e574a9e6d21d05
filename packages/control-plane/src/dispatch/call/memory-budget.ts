/**
 * Keeps the newest bytes in memory and drops the oldest beyond a limit. Only what can be read again from the database
 * may be held here.
 */
export class MemoryBudget {
  #limitBytes: number;
  #heldBytes = 0;
  #held = new Map<object, { bytes: number; drop: () => void }>();

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** `drop` is called, once, when the bytes must go. */
  hold(key: object, bytes: number, drop: () => void): void {
    this.release(key);
    this.#held.set(key, { bytes, drop });
    this.#heldBytes += bytes;
    for (const oldest of this.#held.keys()) {
      if (this.#heldBytes <= this.#limitBytes) break;
      const dropped = this.#held.get(oldest);
      this.release(oldest);
      dropped?.drop();
    }
  }

  /** The bytes are gone already. */
  release(key: object): void {
    const held = this.#held.get(key);
    if (!held) return;
    this.#held.delete(key);
    this.#heldBytes -= held.bytes;
  }
}
