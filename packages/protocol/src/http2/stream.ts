import { windowUpdate } from "./connection-frames.ts";
import { flag, frameType } from "./frame.ts";
import type { FrameWriter } from "./frame-writer.ts";
import type { Headers } from "./header-list.ts";
import type { IdleWork } from "./idle-work.ts";
import { maxFramePayloadBytes } from "./limits.ts";

/** Why a stream ended before its time. */
export type StreamFailure = { resetCode: number } | { lost: Error };

/** What comes of a stream, for the one that it is for. */
export interface StreamEvents {
  /** The headers of an answer, and the trailers of either end. */
  headers(headers: Headers): void;
  data(chunk: Buffer): void;
  /** The peer has said all that it has to say. */
  end(): void;
  /** Nothing more comes, and nothing more is sent. */
  broken(failure: StreamFailure): void;
  /** What was sent has left: more may follow. */
  drained(): void;
  /** So many bytes now wait for the peer. */
  unread(bytes: number): void;
  /** For a while nothing has come, though the peer has not ended. */
  quiet(): void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly writer: FrameWriter;
  readonly idleWork: IdleWork;
  /** What may be sent on all streams together. */
  sendWindow: number;
  /** What the peer may send on a stream before any of it is taken. */
  readonly streamWindow: number;
  /** Both ends have finished. */
  closed(stream: Http2Stream): void;
  /** This end gives the stream up. */
  reset(stream: Http2Stream, code: number): void;
  waits(stream: Http2Stream): void;
}

/** One request and its answer, in either role. */
export class Http2Stream {
  readonly id: number;
  events: StreamEvents;
  sendWindow: number;
  receiveWindow: number;
  /** Ticks since the peer last sent something for it. */
  quietTicks = 0;
  open = true;
  localEnded = false;
  remoteEnded = false;
  answered = false;
  /** Bytes that the peer has announced and not sent. */
  missing: number | undefined;
  /** Its sender waits for `drained`. */
  waiting = false;
  #host: StreamHost;
  #unsent: Buffer[] = [];
  #unsentBytes = 0;
  /** What of them was told. */
  #toldUnread = 0;
  #ending: { trailers: Buffer | undefined } | undefined;

  constructor(id: number, host: StreamHost, sendWindow: number, events: StreamEvents) {
    this.id = id;
    this.#host = host;
    this.receiveWindow = host.streamWindow;
    this.sendWindow = sendWindow;
    this.events = events;
  }

  /** Something waits for the peer to take what was sent before. */
  get isBlocked(): boolean {
    return this.#unsent.length > 0;
  }

  /** Tells the peer that `bytes` of data were taken, so that it may send as many again. */
  consumed(bytes: number): void {
    if (!this.open || this.remoteEnded || bytes <= 0) return;
    this.receiveWindow += bytes;
    this.#host.writer.raw(windowUpdate(this.id, bytes));
  }

  /**
   * Charges the connection for what was done for nothing, while the bytes that caused it are read.
   * @throws ConnectionError when it is too much.
   */
  spend(kind: Parameters<IdleWork["spend"]>[0]): void {
    this.#host.idleWork.spend(kind);
  }

  /** `end`: nothing else follows. */
  sendHeaders(block: Buffer, options: { end: boolean }): void {
    if (!this.open) return;
    this.#host.writer.headers(this.id, block, { endStream: options.end });
    if (options.end) this.#finish();
  }

  /** False when the peer or the network has to catch up first: `drained` tells. */
  sendData(data: Buffer, options?: { end: boolean }): boolean {
    if (!this.open) return true;
    this.#unsent.push(data);
    this.#unsentBytes += data.length;
    if (options?.end) this.#ending = { trailers: undefined };
    this.flush();
    this.waiting = this.open && (this.#unsent.length > 0 || this.#host.writer.isCongested);
    if (this.waiting) this.#host.waits(this);
    return !this.waiting;
  }

  /** Ends what this end has to say, after the data: with trailers, or with a frame that says so alone. */
  end(trailers?: Buffer): void {
    if (!this.open || this.#ending) return;
    this.#ending = { trailers };
    this.flush();
    if (this.#unsent.length > 0) this.#host.waits(this);
  }

  /** Gives it up. */
  reset(code: number): void {
    if (this.open) this.#host.reset(this, code);
  }

  /** Sends as much as the peer and the socket take. */
  flush(): void {
    this.#flush();
    this.#tellUnread();
  }

  #flush(): void {
    const host = this.#host;
    for (let next = this.#unsent[0]; next; next = this.#unsent[0]) {
      if (host.writer.isCongested) return;
      const size = Math.min(next.length, maxFramePayloadBytes, this.sendWindow, host.sendWindow);
      if (size <= 0 && next.length > 0) return;
      const last = size === next.length;
      if (last) this.#unsent.shift();
      else this.#unsent[0] = next.subarray(size);
      this.#unsentBytes -= size;
      this.sendWindow -= size;
      host.sendWindow -= size;
      const ends = this.#unsent.length === 0 && this.#ending !== undefined && !this.#ending.trailers;
      host.writer.frame(frameType.data, ends ? flag.endStream : 0, this.id, next.subarray(0, size));
      host.idleWork.earn();
      if (ends) return this.#finish();
    }
    if (!this.#ending || this.localEnded) return;
    const { trailers } = this.#ending;
    if (trailers) host.writer.headers(this.id, trailers, { endStream: true });
    else host.writer.frame(frameType.data, flag.endStream, this.id, Buffer.alloc(0));
    this.#finish();
  }

  /** Drops what was not sent: nobody wants it. */
  abandon(): void {
    this.open = false;
    this.#unsent = [];
    this.#unsentBytes = 0;
    this.#tellUnread();
  }

  #tellUnread(): void {
    if (this.#unsentBytes === this.#toldUnread) return;
    this.#toldUnread = this.#unsentBytes;
    this.events.unread(this.#unsentBytes);
  }

  #finish(): void {
    this.localEnded = true;
    this.#host.closed(this);
  }
}
