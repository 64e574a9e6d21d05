import { Notifier } from "@dorian/base/notifier";
import type { DataChunk } from "@dorian/protocol/modal";
import { valuesMissing } from "./values-missing.ts";

export interface ChunkPipeOptions {
  /** Bytes that the writer may be ahead of the reader. */
  windowBytes: number;
  /** Bytes that have been read and are kept for a reader that starts over. */
  keepBytes: number;
  /** What all pipes together hold. */
  memory: PipeMemory;
}

/** Chunks without data count as well, with what each takes besides. */
const overheadBytes = 256;
/** What every writer may be ahead by, however much the other pipes hold: none waits for a reader that is not its own. */
const leastWindowBytes = 64 * 1024;

/** Counts what pipes hold that was not read. Above `mostBytes` each has a small window. */
export class PipeMemory {
  readonly mostBytes: number;
  bytes = 0;

  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }
}

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
  #droppedBytes = 0;
  #ended = false;
  #abandoned = false;
  /** Writers wait one behind the other: each chunk that is read wakes one of them. */
  #lastWriter: Promise<void> = Promise.resolve();

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

  /**
   * Adds those that are not there yet: the others come from a request sent twice. Resolves when there is room for more.
   *
   * @throws AppError VALUES_MISSING when one between is lacking
   */
  async write(chunks: readonly DataChunk[], options: { signal: AbortSignal }): Promise<void> {
    for (const chunk of chunks) {
      const came = Number(chunk.index);
      if (this.#ended || (came >= 1 && came <= this.#highest)) continue;
      if (came !== this.#highest + 1) throw valuesMissing({ expected: this.#highest + 1, came });
      this.#add(chunk);
    }
    await this.#room(options.signal);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#ended = true;
    this.#changed.notify();
  }

  /** Nobody reads any more: what was not read goes, and so does what comes. A writer may go on for one window, then it waits for the end. */
  abandon(): void {
    if (this.#abandoned) return;
    this.#abandoned = true;
    this.#chunks.clear();
    this.#heldBytes = 0;
    this.#countUnread(-this.#unreadBytes);
    this.#changed.notify();
  }

  /**
   * Chunks from an index on, until the end.
   *
   * @throws AppError VALUES_MISSING when the first of them is kept no more
   */
  async *read(from: number, options: { signal: AbortSignal }): AsyncGenerator<DataChunk> {
    if (from < this.#oldest) throw valuesMissing({ expected: from, came: this.#oldest });
    let next = from;
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
    if (this.#abandoned) {
      this.#droppedBytes += sizeOf(chunk);
      return;
    }
    this.#chunks.set(this.#highest, chunk);
    this.#heldBytes += sizeOf(chunk);
    this.#countUnread(sizeOf(chunk));
    this.#changed.notify();
  }

  #hasRead(index: number): void {
    for (; this.#read < index; this.#read++) {
      const chunk = this.#chunks.get(this.#read + 1);
      if (chunk) this.#countUnread(-sizeOf(chunk));
    }
    while (this.#heldBytes > this.#options.keepBytes && this.#oldest <= this.#read) {
      const chunk = this.#chunks.get(this.#oldest);
      if (chunk) this.#heldBytes -= sizeOf(chunk);
      this.#chunks.delete(this.#oldest);
      this.#oldest++;
    }
    this.#changed.notify();
  }

  #countUnread(bytes: number): void {
    this.#unreadBytes += bytes;
    this.#options.memory.bytes += bytes;
  }

  get #isFull(): boolean {
    if (this.#ended) return false;
    const { windowBytes, memory } = this.#options;
    if (this.#abandoned) return this.#droppedBytes > windowBytes;
    return this.#unreadBytes > (memory.bytes > memory.mostBytes ? leastWindowBytes : windowBytes);
  }

  async #room(signal: AbortSignal): Promise<void> {
    if (!this.#isFull) return;
    const before = this.#lastWriter;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastWriter = promise;
    try {
      await before;
      while (this.#isFull) await this.#changed.wait({ signal });
    } finally {
      resolve();
    }
  }
}

function sizeOf(chunk: DataChunk): number {
  return overheadBytes + (chunk.dataOneof.case === "data" ? chunk.dataOneof.value.byteLength : 0);
}
