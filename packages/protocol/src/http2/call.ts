import { AppError } from "@dorian/base/app-error";
import { Fifo } from "@dorian/base/fifo";
import { Notifier } from "@dorian/base/notifier";
import { certificateError } from "../error/certificate-error.ts";
import { statusError } from "../error/status-error.ts";
import type { TakeRoom } from "../service.ts";
import type { ClientConnection } from "./client-connection.ts";
import { errorCode } from "./http2-error.ts";
import { creditBytes, smallAnswerBytes } from "./limits.ts";
import { envelope } from "./message-envelope.ts";
import { MessageReader } from "./message-reader.ts";
import type { Http2Stream, StreamEvents, StreamFailure } from "./stream.ts";

const cancelled = 1;
const unknown = 2;
const resourceExhausted = 8;
const internal = 13;
const unavailable = 14;

/** One gRPC call, and the messages that answer it. */
export class Http2Call implements StreamEvents {
  #connection: ClientConnection;
  #stream: Http2Stream;
  #url: string;
  #reader = new MessageReader();
  #arrived = new Fifo<Uint8Array>();
  /** Bytes that came and that the server may not send again yet; below 0, what it may send besides. */
  #uncredited = 0;
  /** Bytes for which there is room, and of which the server was not told yet. */
  #expected = 0;
  #creditBytes: number;
  #takeRoom: TakeRoom | undefined;
  /** Room was asked for the message that comes. */
  #asked = false;
  #waitsForRoom = false;
  #headers = new Map<string, string>();
  #end: { error: Error | undefined } | undefined;
  #changed = new Notifier();
  #drained: (() => void) | undefined;

  /** `takeRoom`: asked before more of a large message is let in than fits into the stream's window. */
  constructor(
    connection: ClientConnection,
    headers: Buffer,
    options: { url: string; takeRoom?: TakeRoom | undefined },
  ) {
    this.#url = options.url;
    this.#connection = connection;
    this.#takeRoom = options.takeRoom;
    this.#stream = connection.request(headers, this);
    this.#creditBytes = Math.min(creditBytes, this.#stream.receiveWindow / 4);
  }

  /** Sends a message of the request; `last`: nothing follows. False when the peer has to catch up first. */
  send(message: Uint8Array, options?: { last: boolean }): boolean {
    return this.#stream.sendData(envelope(message), { end: options?.last ?? false });
  }

  /** Resolves when more may be sent, or nobody wants more. */
  whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#end) resolve();
      else this.#drained = resolve;
    });
  }

  /** The request has no further message. */
  endRequest(): void {
    this.#stream.end();
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Somebody who speaks the protocol was at the other end. */
  get reachedPeer(): boolean {
    return this.#connection.hasBegun;
  }

  /** Gives the call up: its reader gets `error`. */
  fail(error: Error): void {
    this.#stream.reset(errorCode.cancel);
    this.#finish(error);
  }

  /**
   * Every message of the answer. Leaving the loop early cancels the call; a failed one throws an AppError, an aborted
   * `signal` its reason.
   */
  async *messages(options: { signal: AbortSignal }): AsyncGenerator<Uint8Array> {
    const { signal } = options;
    try {
      for (;;) {
        signal.throwIfAborted();
        for (let next = this.#arrived.shift(); next; next = this.#arrived.shift()) {
          this.#credit();
          yield next;
          signal.throwIfAborted();
        }
        if (this.#end?.error) throw this.#end.error;
        if (this.#end) return;
        await this.#changed.wait({ signal });
      }
    } finally {
      this.#stream.reset(errorCode.cancel);
      this.#finish(undefined);
    }
  }

  headers(received: ReadonlyMap<string, string>): void {
    for (const [name, value] of received) this.#headers.set(name, value);
  }

  data(chunk: Buffer): void {
    try {
      const before = this.#arrived.length;
      for (const message of this.#reader.read(chunk)) {
        this.#asked = false;
        this.#arrived.push(message);
      }
      this.#uncredited += chunk.length;
      this.#askForRoom();
      this.#credit();
      if (this.#arrived.length > before) this.#changed.notify();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  end(): void {
    this.#finish(this.#outcome());
  }

  broken(failure: StreamFailure): void {
    this.#finish("lost" in failure ? this.#lostError(failure.lost) : this.#resetError(failure.resetCode));
  }

  drained(): void {
    this.#drained?.();
  }

  quiet(): void {
    // Answers may be long in coming.
  }

  unread(): void {
    // Its requests are the client's own.
  }

  #askForRoom(): void {
    const bytes = this.#reader.announcedBytes;
    if (!this.#takeRoom || this.#asked || bytes <= smallAnswerBytes) return;
    this.#asked = true;
    const waiting = this.#takeRoom(bytes);
    if (!waiting) {
      this.#expected = bytes;
      return;
    }
    this.#waitsForRoom = true;
    waiting.then(
      () => {
        this.#waitsForRoom = false;
        this.#expected = bytes;
        this.#credit();
      },
      (error: unknown) => this.fail(error as Error),
    );
  }

  // A reader that lags behind keeps the server waiting; a message larger than the window must not.
  #credit(): void {
    if (this.#arrived.length > 0 || this.#waitsForRoom) return;
    // What there is room for comes in one go, however small the window is.
    const bytes = this.#uncredited + this.#expected;
    if (bytes < this.#creditBytes) return;
    this.#stream.consumed(bytes);
    this.#uncredited = -this.#expected;
    this.#expected = 0;
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    this.#drained?.();
    this.#changed.notify();
  }

  #outcome(): Error | undefined {
    const status = this.#headers.get("grpc-status");
    if (status === "0") return undefined;
    if (status === undefined)
      return this.#error(unknown, `HTTP status ${this.#headers.get(":status") ?? "missing"}`);
    return this.#error(Number(status), percentDecoded(this.#headers.get("grpc-message") ?? ""));
  }

  #lostError(reason: Error): AppError {
    return certificateError(this.#url, reason) ?? this.#error(unavailable, reason.message, reason);
  }

  #resetError(code: number): AppError {
    if (code === errorCode.cancel) return this.#error(cancelled, "The server cancelled the call.");
    if (code === errorCode.refused) return this.#error(unavailable, "the call was refused");
    if (code === errorCode.enhanceYourCalm)
      return this.#error(resourceExhausted, "The server limits this client.");
    return this.#error(internal, `The server broke the call off with HTTP/2 error ${code}.`);
  }

  #error(code: number, details: string, cause?: Error): AppError {
    return statusError({ code, details, trailer: (name) => this.#trailer(name), cause }, this.#url);
  }

  #trailer(name: string): string | undefined {
    const value = this.#headers.get(name);
    return value !== undefined && name.endsWith("-bin") ? Buffer.from(value, "base64").toString() : value;
  }
}

// The peer may send what is not valid UTF-8, which decodeURIComponent refuses.
function percentDecoded(text: string): string {
  const bytes = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, "latin1").toString();
}
