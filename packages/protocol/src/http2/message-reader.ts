import { AppError } from "@dorian/base/app-error";
import { maxMessageBytes } from "./limits.ts";

const prefixBytes = 5;
/** What a message gets before its bytes are there, whatever length it claims. */
const firstBytes = 16 * 1024;

/** Smaller ones share their memory with others. */
const pooledBytes = 4 * 1024;

/** Frees the memory of a message that nobody refers to any more; where Node is older than 21, its garbage collector does. */
export function freeMemory(message: Uint8Array): void {
  if (message.length >= pooledBytes && message.buffer instanceof ArrayBuffer) message.buffer.transfer?.(0);
}

export interface MessageLimits {
  maxBytes: number;
  /** Told of memory that is taken (or given back, below 0); throws when there is none left. */
  onHeld: (bytes: number) => void;
}

const noLimits: MessageLimits = { maxBytes: maxMessageBytes, onHeld: () => undefined };

/** Cuts the data of a gRPC stream into messages: each has a byte of flags and its length before it. */
export class MessageReader {
  limits: MessageLimits = noLimits;
  #prefix = Buffer.alloc(prefixBytes);
  #prefixFilled = 0;
  #message: Buffer | undefined;
  #length = 0;
  #filled = 0;

  /** A message has begun and is not complete. */
  get isWithinMessage(): boolean {
    return this.#prefixFilled > 0;
  }

  /** Bytes that the message has which has begun and is not complete; 0 before that is known. */
  get announcedBytes(): number {
    return this.#message ? this.#length : 0;
  }

  *read(chunk: Buffer): Generator<Buffer> {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#message) {
        const taken = chunk.copy(this.#prefix, this.#prefixFilled, at);
        at += taken;
        this.#prefixFilled += taken;
        if (this.#prefixFilled < prefixBytes) return;
        this.#length = this.#checkedLength();
        this.#filled = 0;
        this.#message = this.#allocate(Math.min(this.#length, Math.max(chunk.length - at, firstBytes)));
      }
      const message = this.#withRoom(this.#message, Math.min(chunk.length - at, this.#length - this.#filled));
      const taken = chunk.copy(message, this.#filled, at, at + this.#length - this.#filled);
      at += taken;
      this.#filled += taken;
      if (this.#filled < this.#length) return;
      this.#message = undefined;
      this.#prefixFilled = 0;
      yield message;
    }
  }

  /** Gives back at once what a message holds that will not be complete: waiting for a garbage collection would be too long. */
  abandon(): void {
    if (this.#message) freeMemory(this.#message);
    this.#message = undefined;
    this.#prefixFilled = 0;
  }

  #allocate(bytes: number): Buffer {
    this.limits.onHeld(bytes);
    // Memory of its own, which can be given back.
    return bytes < pooledBytes ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
  }

  // Twice as large each time, so that every byte is copied a bounded number of times.
  #withRoom(message: Buffer, bytes: number): Buffer {
    const needed = this.#filled + bytes;
    if (needed <= message.length) return message;
    const larger = this.#allocate(Math.min(this.#length, Math.max(needed, message.length * 2)));
    message.copy(larger, 0, 0, this.#filled);
    // One that was freed has no length any more.
    this.limits.onHeld(-message.length);
    freeMemory(message);
    this.#message = larger;
    return larger;
  }

  #checkedLength(): number {
    const length = this.#prefix.readUInt32BE(1);
    const { maxBytes } = this.limits;
    if (this.#prefix[0] !== 0) {
      throw new AppError("MESSAGE_COMPRESSED", "The peer sent a compressed message.", {
        status: "UNIMPLEMENTED",
        remedy: "Turn compression off there.",
      });
    }
    if (length > maxBytes) {
      throw new AppError("MESSAGE_TOO_LARGE", `The peer sent a message of ${length} bytes.`, {
        status: "RESOURCE_EXHAUSTED",
        remedy: `Messages are at most ${maxBytes} bytes here: pass large data through a Volume.`,
      });
    }
    return length;
  }
}
