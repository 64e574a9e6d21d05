import { AppError } from "@dorian/base/app-error";
import { Notifier } from "@dorian/base/notifier";

export type OutputStream = "stdout" | "stderr";

/** A piece of what a command wrote. */
export interface OutputChunk {
  /** Position among the pieces of both streams; the first has 1. */
  index: number;
  stream: OutputStream;
  /** Where its first byte is within its stream. */
  offset: number;
  data: Uint8Array;
}

/** Bytes that the outputs of many commands hold together. */
export interface HeldOutput {
  bytes: number;
}

/** What clients may ask for again of each stream after they have read it. */
const keptBytes = 4 << 20;

/**
 * What a command writes, for any number of readers, each of which may begin again where its connection broke. What has
 * been read is forgotten when much has come since.
 */
export class ExecOutput {
  #chunks: Record<OutputStream, OutputChunk[]> = { stdout: [], stderr: [] };
  #next = 1;
  #lengths: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  #read: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  #bytes = 0;
  #ended = false;
  #error: unknown;
  #changed = new Notifier();
  #together: HeldOutput;

  /** `together` counts what is held here along with others'. */
  constructor(together: HeldOutput = { bytes: 0 }) {
    this.#together = together;
  }

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
    this.#chunks[stream].push({ index: this.#next, stream, offset: this.#lengths[stream], data });
    this.#next += 1;
    this.#lengths[stream] += data.length;
    this.#count(data.length);
    this.#forget(stream);
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

  /** Lets go of what has been read: it cannot be asked for again. */
  forgetRead(): void {
    for (const stream of ["stdout", "stderr"] as const) this.#forgetTo(stream, this.#read[stream]);
  }

  /** Lets go of all that is held, for good: who has not read it gets the error. */
  drop(error: unknown): void {
    this.#chunks = { stdout: [], stderr: [] };
    this.#count(-this.#bytes);
    this.#error = error;
    this.end();
  }

  /** The bytes of one stream from `offset` on, until the command's end. */
  async *bytesOf(
    stream: OutputStream,
    options: { offset: number; signal: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    let { offset } = options;
    const first = firstWhere(this.#chunks[stream], (chunk) => endOf(chunk) > offset);
    const index = (first?.index ?? this.#next) - 1;
    for await (const chunk of this.chunksAfter(index, { ...options, stream })) {
      if (chunk.offset > offset) throw forgotten(offset);
      yield chunk.data.subarray(offset - chunk.offset);
      offset = endOf(chunk);
    }
  }

  /** The pieces after number `index`, of one stream or of both. */
  async *chunksAfter(
    index: number,
    options: { stream: OutputStream | undefined; signal: AbortSignal },
  ): AsyncGenerator<OutputChunk> {
    const streams = options.stream === undefined ? (["stdout", "stderr"] as const) : [options.stream];
    let last = index;
    for (;;) {
      const chunk = streams
        .map((stream) => firstWhere(this.#chunks[stream], (each) => each.index > last))
        .reduce((a, b) => (a && b ? (a.index < b.index ? a : b) : (a ?? b)), undefined);
      if (chunk) {
        last = chunk.index;
        yield chunk;
        this.#read[chunk.stream] = Math.max(this.#read[chunk.stream], endOf(chunk));
        continue;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return;
      await this.#changed.wait(options);
    }
  }

  /** Resolves at the command's end. */
  async whenOver(options: { signal: AbortSignal }): Promise<void> {
    while (!this.#ended) await this.#changed.wait(options);
  }

  #forget(stream: OutputStream): void {
    this.#forgetTo(stream, Math.min(this.#read[stream], this.#lengths[stream] - keptBytes));
  }

  #forgetTo(stream: OutputStream, offset: number): void {
    const chunks = this.#chunks[stream];
    while (chunks[0] && endOf(chunks[0]) <= offset) {
      this.#count(-chunks[0].data.length);
      chunks.shift();
    }
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#together.bytes += bytes;
  }
}

/** In a list where all that follow the first one do as well. */
function firstWhere(
  chunks: readonly OutputChunk[],
  holds: (chunk: OutputChunk) => boolean,
): OutputChunk | undefined {
  let [low, high] = [0, chunks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const chunk = chunks[middle];
    if (chunk && holds(chunk)) high = middle;
    else low = middle + 1;
  }
  return chunks[low];
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
