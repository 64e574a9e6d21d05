import { Notifier } from "@dorian/base/notifier";
import { DataFormat, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

const batchBytes = 4 * 1024 * 1024;
const batchChunks = 512;
const maxUnsentBytes = 16 * 1024 * 1024;
const maxUnsentChunks = 2_048;

/**
 * Sends what a generator yields, in order and counted from 1. Chunks that come while others are on their way go together in the next
 * message; a generator that is ahead of the server by too much has to wait.
 */
export class ChunkWriter {
  #modal: ServiceClient<typeof ModalClient>;
  #functionCallId: string;
  #dataFormat: DataFormat;
  #signal: AbortSignal;
  #unsent: Uint8Array[] = [];
  #unsentBytes = 0;
  #written = 0n;
  #sentIndex = 0n;
  #sending: Promise<void> | undefined;
  #error: { reason: unknown } | undefined;
  #changed = new Notifier();

  constructor(options: {
    modal: ServiceClient<typeof ModalClient>;
    functionCallId: string;
    dataFormat: DataFormat;
    signal: AbortSignal;
  }) {
    this.#modal = options.modal;
    this.#functionCallId = options.functionCallId;
    this.#dataFormat = options.dataFormat;
    this.#signal = options.signal;
  }

  /** How many chunks were written. */
  get count(): bigint {
    return this.#written;
  }

  async write(data: Uint8Array): Promise<void> {
    this.#unsent.push(data);
    this.#unsentBytes += data.length;
    this.#written += 1n;
    this.#sending ??= this.#send();
    while (this.#unsentBytes > maxUnsentBytes || this.#unsent.length > maxUnsentChunks) {
      if (this.#error) break;
      await this.#changed.wait({ signal: this.#signal });
    }
    if (this.#error) throw this.#error.reason;
  }

  /** Resolves when the server has everything. */
  async flush(): Promise<void> {
    await this.#sending;
    if (this.#error) throw this.#error.reason;
  }

  async #send(): Promise<void> {
    try {
      while (this.#unsent.length > 0) {
        const batch = this.#takeBatch();
        const first = this.#sentIndex + 1n;
        await this.#modal.functionCallPutDataOut(
          {
            callInfoOneof: { case: "functionCallId", value: this.#functionCallId },
            dataChunks: batch.map((value, index) => ({
              dataFormat: this.#dataFormat,
              dataOneof: { case: "data", value },
              index: first + BigInt(index),
            })),
          },
          { signal: this.#signal },
        );
        this.#sentIndex += BigInt(batch.length);
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

  #takeBatch(): Uint8Array[] {
    let bytes = 0;
    let count = 0;
    for (const chunk of this.#unsent) {
      if (count > 0 && (count === batchChunks || bytes + chunk.length > batchBytes)) break;
      bytes += chunk.length;
      count += 1;
    }
    return this.#unsent.splice(0, count);
  }
}

function sizeOf(chunks: Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
