import { Notifier } from "@dorian/base/notifier";
import type { DataChunk } from "@dorian/protocol/modal";

export interface ChunkPipeOptions {
  /** Bytes that the writer may be ahead of the reader. */
  windowBytes: number;
  /** Bytes that have been read and are kept for a reader that starts over. */
  keepBytes: number;
}

/** So that chunks without data count as well. */
const overheadBytes = 64;

/**
 * Chunks on their way between a connected caller and the container of its call, by index from 1. They are in memory
 * only, and not many of them: who writes waits for who reads.
 */
export class ChunkPipe {
  #options: ChunkPipeOptions;
  #chunks = new Map<number, DataChunk>();
  #changed = new Notifier();
  /** Indexes of the oldest chunk that is kept, of the newest, and of the newest that has been read. */
  #oldest = 1;
  #highest = 0;
  #read = 0;
  #heldBytes = 0;
  #unreadBytes = 0;
  #ended = false;

  constructor(options: ChunkPipeOptions) {
    this.#options = options;
  }

  /** Index of the newest chunk; 0 when there is none. */
  get highest(): number {
    return this.#highest;
  }

  /** A reader could start over. */
  get isWhole(): boolean {
    return this.#oldest === 1;
  }

  /** Adds the next chunk under an index of its own. Resolves when there is room for one more. */
  async push(chunk: Omit<DataChunk, "index">, options: { signal: AbortSignal }): Promise<void> {
    if (!this.#ended) this.#add({ ...chunk, index: BigInt(this.#highest + 1) });
    await this.#room(options.signal);
  }

  /** Adds those that are not there yet: the others come from a request sent twice. Resolves when there is room for more. */
  async write(chunks: readonly DataChunk[], options: { signal: AbortSignal }): Promise<void> {
    for (const chunk of chunks)
      if (!this.#ended && Number(chunk.index) === this.#highest + 1) this.#add(chunk);
    await this.#room(options.signal);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#ended = true;
    this.#changed.notify();
  }

  /** Chunks from an index on, until the end. Those that are kept no more are left out. */
  async *read(from: number, options: { signal: AbortSignal }): AsyncGenerator<DataChunk> {
    let next = Math.max(from, this.#oldest);
    for (;;) {
      const chunk = this.#chunks.get(next);
      if (chunk) {
        yield chunk;
        this.#hasRead(next);
        next++;
      } else if (this.#ended) return;
      else await this.#changed.wait(options);
    }
  }

  #add(chunk: DataChunk): void {
    this.#highest++;
    this.#chunks.set(this.#highest, chunk);
    this.#heldBytes += sizeOf(chunk);
    this.#unreadBytes += sizeOf(chunk);
    this.#changed.notify();
  }

  #hasRead(index: number): void {
    for (; this.#read < index; this.#read++) {
      const chunk = this.#chunks.get(this.#read + 1);
      if (chunk) this.#unreadBytes -= sizeOf(chunk);
    }
    while (this.#heldBytes > this.#options.keepBytes && this.#oldest <= this.#read) {
      const chunk = this.#chunks.get(this.#oldest);
      if (chunk) this.#heldBytes -= sizeOf(chunk);
      this.#chunks.delete(this.#oldest);
      this.#oldest++;
    }
    this.#changed.notify();
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#unreadBytes > this.#options.windowBytes && !this.#ended)
      await this.#changed.wait({ signal });
  }
}

function sizeOf(chunk: DataChunk): number {
  return overheadBytes + (chunk.dataOneof.case === "data" ? chunk.dataOneof.value.byteLength : 0);
}
