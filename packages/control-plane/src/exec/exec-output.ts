import { AppError } from "@dorian/base/app-error";
import { Notifier } from "@dorian/base/notifier";

export type OutputStream = "stdout" | "stderr";

/** A piece of what a command wrote. */
export interface OutputChunk {
  /** Position among the pieces of both streams; the first has 1. */
  index: number;
  stream: OutputStream;
  /** Of its first byte within its stream. */
  offset: number;
  data: Uint8Array;
}

/** What clients may ask for again after they have read it. */
const keptBytes = 4 << 20;

/**
 * What a command writes, for any number of readers, each of which may begin again where its connection broke. What has
 * been read is forgotten when much has come since.
 */
export class ExecOutput {
  #chunks: OutputChunk[] = [];
  #next = 1;
  #lengths: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  #read: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  #bytes = 0;
  #ended = false;
  #error: unknown;
  #changed = new Notifier();

  /** Bytes held in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing has been written so far. */
  get isEmpty(): boolean {
    return this.#next === 1;
  }

  append(stream: OutputStream, data: Uint8Array): void {
    if (this.#ended || data.length === 0) return;
    this.#chunks.push({ index: this.#next, stream, offset: this.#lengths[stream], data });
    this.#next += 1;
    this.#lengths[stream] += data.length;
    this.#bytes += data.length;
    this.#forget();
    this.#changed.notify();
  }

  end(): void {
    this.#ended = true;
    this.#changed.notify();
  }

  /** Ends it for a reason other than the command's own end: readers that have read everything get the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#error = error;
    this.end();
  }

  /** The bytes of one stream from `offset` on, until the command's end. */
  async *bytesOf(
    stream: OutputStream,
    options: { offset: number; signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    let { offset } = options;
    for await (const chunk of this.#follow(
      (each) => each.stream === stream && endOf(each) > offset,
      options,
    )) {
      if (chunk.offset > offset) throw forgotten(offset);
      yield chunk.data.subarray(offset - chunk.offset);
      offset = endOf(chunk);
    }
  }

  /** The pieces after number `index`, of one stream or of both. */
  chunksAfter(
    index: number,
    options: { stream: OutputStream | undefined; signal: AbortSignal },
  ): AsyncGenerator<OutputChunk> {
    const { stream } = options;
    let last = index;
    return this.#follow((chunk) => {
      if (chunk.index <= last || (stream !== undefined && chunk.stream !== stream)) return false;
      last = chunk.index;
      return true;
    }, options);
  }

  /** Resolves at the command's end. */
  async whenOver(options: { signal: AbortSignal }): Promise<void> {
    while (!this.#ended) await this.#changed.wait(options);
  }

  async *#follow(
    isNext: (chunk: OutputChunk) => boolean,
    options: { signal: AbortSignal },
  ): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#chunks.find(isNext);
      if (chunk) {
        yield chunk;
        this.#read[chunk.stream] = Math.max(this.#read[chunk.stream], endOf(chunk));
        continue;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await this.#changed.wait(options);
    }
  }

  #forget(): void {
    for (;;) {
      const oldest = this.#chunks[0];
      if (!oldest || this.#bytes <= keptBytes || endOf(oldest) > this.#read[oldest.stream]) return;
      this.#chunks.shift();
      this.#bytes -= oldest.data.length;
    }
  }
}

function endOf(chunk: OutputChunk): number {
  return chunk.offset + chunk.data.length;
}

function forgotten(offset: number): AppError {
  return new AppError("EXEC_OUTPUT_FORGOTTEN", `The output from byte ${offset} on is not kept any more.`, {
    status: "OUT_OF_RANGE",
    remedy: "Read a command's output while it runs.",
  });
}
