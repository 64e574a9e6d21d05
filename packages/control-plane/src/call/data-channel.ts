import { Notifier } from "@dorian/base/notifier";
import type { DataChunk } from "@dorian/protocol/modal";

/** What a generator has yielded so far, by index from 1. Chunks may leave memory: the database has them. */
export class DataChannel {
  readonly changed = new Notifier();
  #chunks = new Map<number, DataChunk | undefined>();
  #highest = 0;
  #ended = false;

  /** Index of the newest chunk; 0 when there is none. */
  get highest(): number {
    return this.#highest;
  }

  get ended(): boolean {
    return this.#ended;
  }

  has(index: number): boolean {
    return this.#chunks.has(index);
  }

  /** The chunk if it is in memory. */
  get(index: number): DataChunk | undefined {
    return this.#chunks.get(index);
  }

  add(index: number, chunk: DataChunk | undefined): void {
    this.#chunks.set(index, chunk);
    this.#highest = Math.max(this.#highest, index);
    this.changed.notify();
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
