import { SinkFull } from "./value-sink.ts";

const initialBytes = 512;

/** Bytes that are written one after the other, into memory that grows up to a limit. A writer of a format extends it. */
export abstract class GrowingBytes {
  protected buffer = Buffer.allocUnsafe(initialBytes);
  protected view = viewOf(this.buffer);
  /** How many bytes are written. */
  protected length = 0;
  #maxBytes: number;

  constructor({ maxBytes }: { maxBytes: number }) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.length;
  }

  protected get written(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room for so many bytes behind those that are written. @throws SinkFull */
  protected reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    if (needed > this.#maxBytes) throw new SinkFull();
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, needed));
    larger.set(this.written);
    this.buffer = larger;
    this.view = viewOf(larger);
  }

  protected byte(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  protected append(bytes: Uint8Array): void {
    this.reserve(bytes.byteLength);
    this.buffer.set(bytes, this.length);
    this.length += bytes.byteLength;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
