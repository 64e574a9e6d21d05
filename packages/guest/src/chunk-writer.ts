import { Notifier } from "@dorian/base/notifier";
import { Stopwatch } from "@dorian/base/stopwatch";
import { DataFormat, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

const batchBytes = 4 * 1024 * 1024;
const batchChunks = 512;
const maxUnsentBytes = 16 * 1024 * 1024;
const maxUnsentChunks = 2_048;
/** How long, in milliseconds, a generator may be held back in all until its values are sent: enough for the first hundred or so. */
const freeWaitMs = 50;
/** How much longer it may be held back, as a share of the time that it has run. */
const waitShare = 0.1;

/** A value, under the number that it keeps however often it has to be sent. */
interface Chunk {
  index: bigint;
  data: Uint8Array;
}

/**
 * Sends what a generator yields, in order and numbered from 1. Chunks that come while others are on their way go together in the next
 * message; a generator that is ahead of the server by too much has to wait. Code that computes without a pause holds up all else in its
 * process: the sending of what it has yielded, and word that nobody wants more. So it goes on when all is sent, unless that takes too
 * much of its time. After a message that could not be sent nothing follows: the generator ends with the error.
 */
export class ChunkWriter {
  #modal: ServiceClient<typeof ModalClient>;
  #functionCallId: string;
  #dataFormat: DataFormat;
  #signal: AbortSignal;
  #unsent: Chunk[] = [];
  #unsentBytes = 0;
  #written = 0n;
  #sending: Promise<void> | undefined;
  #error: { reason: unknown } | undefined;
  #changed = new Notifier();
  #elapsedMs: (() => number) | undefined;
  #sinceStart: Stopwatch;
  #waitedMs = 0;

  constructor(options: {
    modal: ServiceClient<typeof ModalClient>;
    functionCallId: string;
    dataFormat: DataFormat;
    signal: AbortSignal;
    elapsedMs?: () => number;
  }) {
    this.#modal = options.modal;
    this.#functionCallId = options.functionCallId;
    this.#dataFormat = options.dataFormat;
    this.#signal = options.signal;
    this.#elapsedMs = options.elapsedMs;
    this.#sinceStart = new Stopwatch(options.elapsedMs);
  }

  /** How many chunks were written. */
  get count(): bigint {
    return this.#written;
  }

  async write(data: Uint8Array): Promise<void> {
    this.#throwIfFailed();
    this.#written += 1n;
    this.#unsent.push({ index: this.#written, data });
    this.#unsentBytes += data.length;
    this.#sending ??= this.#send();
    while (this.#unsentBytes > maxUnsentBytes || this.#unsent.length > maxUnsentChunks) {
      if (this.#error) break;
      await this.#changed.wait({ signal: this.#signal });
    }
    await this.#letOut();
    this.#throwIfFailed();
  }

  /** Resolves when the server has everything. */
  async flush(): Promise<void> {
    await this.#sending;
    this.#throwIfFailed();
  }

  /** Waits until the server has everything, while that is not too much waiting. */
  async #letOut(): Promise<void> {
    const waiting = new Stopwatch(this.#elapsedMs);
    const mayWaitMs = freeWaitMs + waitShare * this.#sinceStart.ms - this.#waitedMs;
    let restMs = mayWaitMs;
    while (this.#unsentBytes > 0 && restMs > 0 && !this.#error) {
      await this.#changed.wait({ signal: this.#signal, timeoutMs: restMs });
      restMs = mayWaitMs - waiting.ms;
    }
    this.#waitedMs += mayWaitMs - restMs;
  }

  #throwIfFailed(): void {
    if (this.#error) throw this.#error.reason;
  }

  async #send(): Promise<void> {
    try {
      while (this.#unsent.length > 0) {
        const batch = this.#takeBatch();
        await this.#modal.functionCallPutDataOut(
          {
            callInfoOneof: { case: "functionCallId", value: this.#functionCallId },
            dataChunks: batch.map(({ index, data }) => ({
              dataFormat: this.#dataFormat,
              dataOneof: { case: "data", value: data },
              index,
            })),
          },
          { signal: this.#signal },
        );
        this.#unsentBytes -= sizeOf(batch);
        this.#changed.notify();
      }
    } catch (reason) {
      this.#error = { reason };
      this.#changed.notify();
    } finally {
      this.#sending = undefined;
    }
  }

  #takeBatch(): Chunk[] {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#unsent) {
      if (count > 0 && (count === batchChunks || bytes + data.length > batchBytes)) break;
      bytes += data.length;
      count += 1;
    }
    return this.#unsent.splice(0, count);
  }
}

function sizeOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { data }) => sum + data.length, 0);
}
