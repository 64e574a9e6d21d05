import { AppError } from "@dorian/base/app-error";
import { Fifo } from "@dorian/base/fifo";
import { Notifier } from "@dorian/base/notifier";
import { certificateError } from "../certificate-error.ts";
import { statusError } from "../status-error.ts";
import type { ClientConnection } from "./client-connection.ts";
import { errorCode } from "./http2-error.ts";
import { creditBytes } from "./limits.ts";
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
  #uncredited = 0;
  #headers = new Map<string, string>();
  #end: { error: Error | undefined } | undefined;
  #changed = new Notifier();
  #drained: (() => void) | undefined;

  constructor(connection: ClientConnection, headers: Buffer, url: string) {
    this.#url = url;
    this.#connection = connection;
    this.#stream = connection.request(headers, this);
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

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Somebody who speaks the protocol was at the other end. */
  get reachedPeer(): boolean {
    return this.#connection.begun;
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
      for (const message of this.#reader.read(chunk)) this.#arrived.push(message);
      this.#uncredited += chunk.length;
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

  // A reader that lags behind keeps the server waiting; a message larger than the window must not.
  #credit(): void {
    if (this.#arrived.length > 0 || this.#uncredited < creditBytes) return;
    this.#stream.consumed(this.#uncredited);
    this.#uncredited = 0;
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
