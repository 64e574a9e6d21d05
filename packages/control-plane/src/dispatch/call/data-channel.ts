import { Notifier } from "@dorian/base/notifier";
import type { DataChunk } from "@dorian/protocol/modal";
import { valuesMissing } from "./values-missing.ts";

/** What a generator has yielded so far, by index from 1 and without a gap. Chunks may leave memory: the database has them. */
export class DataChannel {
  readonly changed = new Notifier();
  /** Those that are not known to be on disk, although readers may have them. */
  #unsaved = new Map<number, DataChunk>();
  #chunks = new Map<number, DataChunk | undefined>();
  #highest = 0;
  #ended = false;

  /** Index of the newest chunk; 0 when there is none. */
  get highest(): number {
    return this.#highest;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  has(index: number): boolean {
    return this.#chunks.has(index);
  }

  /** The chunk if it is in memory. */
  get(index: number): DataChunk | undefined {
    return this.#chunks.get(index);
  }

  /** One that the database has. */
  restore(index: number): void {
    this.#chunks.set(index, undefined);
    this.#highest = Math.max(this.#highest, index);
  }

  /**
   * Adds what comes next; what is there already comes from a request sent twice.
   *
   * @throws AppError VALUES_MISSING when one between is lacking: nothing is added
   */
  add(chunks: readonly DataChunk[]): void {
    const fresh = chunks.filter(({ index }) => index > this.#highest || index < 1);
    for (const [place, { index }] of fresh.entries()) {
      const expected = this.#highest + place + 1;
      if (Number(index) !== expected) throw valuesMissing({ expected, came: Number(index) });
    }
    for (const chunk of fresh) {
      this.#highest++;
      this.#chunks.set(this.#highest, chunk);
      this.#unsaved.set(this.#highest, chunk);
    }
    if (fresh.length > 0) this.changed.notify();
  }

  /** What is to be written down, and what a request that failed has left. */
  get unsaved(): DataChunk[] {
    return [...this.#unsaved.values()];
  }

  /** Returns those of which that was not known yet. */
  saved(chunks: readonly DataChunk[]): DataChunk[] {
    return chunks.filter(({ index }) => this.#unsaved.delete(Number(index)));
  }

  /** Leaves the chunk to the database. */
  drop(index: number): void {
    if (this.#chunks.has(index)) this.#chunks.set(index, undefined);
  }

  end(): void {
    this.#ended = true;
    this.changed.notify();
  }
}
