import type { Duplex } from "node:stream";
import { flag, frameHeader, frameType } from "./frame.ts";
import { maxFramePayloadBytes, owedBytes, socketBufferBytes } from "./limits.ts";

/** Below this, copying frames together costs less than handing the socket many pieces. */
const joinedBytes = 64 * 1024;

/** Writes frames to a socket: all of one tick in one go. */
export class FrameWriter {
  #socket: Duplex;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #owed = 0;
  #taken = 0;

  #onFlushed: () => void;

  /** `onFlushed` is told whenever the socket has taken everything and wants more. */
  constructor(socket: Duplex, onFlushed: () => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
    socket.on("drain", onFlushed);
  }

  /** True while more would only pile up. */
  get isCongested(): boolean {
    return this.#pendingBytes + this.#socket.writableLength >= socketBufferBytes;
  }

  /** True while the peer leaves too much unread of what it made us say. */
  get owesMuch(): boolean {
    return this.#owed >= owedBytes;
  }

  /** Bytes that the peer has not taken, and a number that changes whenever it takes some. */
  get progress(): { waiting: number; taken: number } {
    return { waiting: this.#pendingBytes + this.#socket.writableLength, taken: this.#taken };
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.#add(frameHeader(type, flags, streamId, payload.length));
    if (payload.length > 0) this.#add(payload);
  }

  /** Frames that a peer makes us send whenever it likes. */
  owe(type: number, flags: number, streamId: number, payload: Buffer): void {
    const before = this.#pendingBytes;
    this.frame(type, flags, streamId, payload);
    this.#owed += this.#pendingBytes - before;
  }

  /** A header block of any size, as one HEADERS frame and what CONTINUATION frames it takes. */
  headers(streamId: number, block: Buffer, options: { endStream: boolean }): void {
    const first = block.subarray(0, maxFramePayloadBytes);
    const endStream = options.endStream ? flag.endStream : 0;
    const endHeaders = first.length === block.length ? flag.endHeaders : 0;
    this.frame(frameType.headers, endStream | endHeaders, streamId, first);
    for (let at = first.length; at < block.length; at += maxFramePayloadBytes) {
      const part = block.subarray(at, at + maxFramePayloadBytes);
      const last = at + part.length === block.length;
      this.frame(frameType.continuation, last ? flag.endHeaders : 0, streamId, part);
    }
    // Many small answers are as good a burden as acknowledgements.
    if (options.endStream) this.#owed += block.length;
  }

  /** Bytes that are frames already. */
  raw(bytes: Buffer): void {
    this.#add(bytes);
  }

  /** Hands the socket what waits for the end of the tick. */
  flush(): void {
    const pending = this.#pending;
    const bytes = this.#pendingBytes;
    if (pending.length === 0) return;
    this.#pending = [];
    this.#pendingBytes = 0;
    if (!this.#socket.writable) return;
    if (bytes <= joinedBytes) this.#socket.write(Buffer.concat(pending, bytes), this.#onTaken);
    else {
      this.#socket.cork();
      for (const piece of pending) this.#socket.write(piece, this.#onTaken);
      this.#socket.uncork();
    }
    if (!this.#socket.writableNeedDrain) this.#onFlushed();
  }

  #onTaken = () => {
    this.#taken += 1;
    if (this.#owed === 0 || this.#socket.writableLength > 0) return;
    this.#owed = 0;
    this.#onFlushed();
  };

  #add(bytes: Buffer): void {
    if (this.#pending.length === 0) process.nextTick(this.#flush);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
  }

  #flush = () => this.flush();
}
