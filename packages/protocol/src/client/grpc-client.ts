import { create, fromBinary, toBinary, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { Patience } from "@dorian/base/patience";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { Socket } from "node:net";
import { Http2Call } from "../http2/call.ts";
import { ClientConnection } from "../http2/client-connection.ts";
import { encodeHeaders } from "../http2/header-block.ts";
import { methodEntries, type CallOptions, type ServiceClient, type TakeRoom } from "../service.ts";
import { connectTo, mayVanish } from "./socket-address.ts";
import { isServerGone } from "../error/status-error.ts";

export interface ConnectOptions {
  /** `http://127.0.0.1:7070`, `https://box:7070`, or `unix:///path/to/socket`. */
  url: string;
  /** File of an authority to trust when the server speaks TLS, besides those that everybody trusts. */
  authority?: string | undefined;
  /** Sent with every call. */
  metadata?: Record<string, string>;
  /** How long, in milliseconds, a unary call keeps trying while the server cannot be reached. Default 0: fail at once. */
  retryUnavailableMs?: number;
  /** What the server may send of an answer before its caller has room for more. Default: some megabytes. */
  streamWindow?: number;
  /** Opens a socket to the server. Default: what the URL says. */
  connect?: (url: string) => Socket;
}

/**
 * HTTP/2 connections for the calls of one `Connection` and those made from it: one, opened by the first call and opened again after it
 * was lost, and more while the server takes no further request on it.
 */
class Carrier implements Disposable {
  #url: string;
  #connect: (url: string) => Socket;
  #streamWindow: number | undefined;
  #connections: ClientConnection[] = [];
  #closed = false;

  constructor(options: ConnectOptions) {
    const { url, authority } = options;
    this.#url = url;
    this.#connect = options.connect ?? (() => connectTo(url, authority));
    this.#streamWindow = options.streamWindow;
  }

  start(headers: Buffer, takeRoom: TakeRoom | undefined): Http2Call {
    if (this.#closed) {
      throw new AppError("CONNECTION_CLOSED", `The connection to ${this.#url} was closed.`, {
        status: "CANCELLED",
        remedy: "Make a new connection.",
      });
    }
    return new Http2Call(this.open(), headers, { url: this.#url, takeRoom });
  }

  /** One that has room for a call. */
  open(): ClientConnection {
    this.#connections = this.#connections.filter((each) => each.isUsable);
    let free = this.#connections.find((each) => each.hasRoom);
    if (!free) {
      free = new ClientConnection(this.#connect(this.#url), {
        asks: mayVanish(this.#url),
        streamWindow: this.#streamWindow,
      });
      this.#connections.push(free);
    }
    return free;
  }

  hangUp(): void {
    for (const connection of this.#connections.splice(0)) connection[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.hangUp();
  }
}

/** A connection for gRPC calls. Disposing it fails their open calls. */
export class Connection implements Disposable {
  readonly url: string;
  retryUnavailableMs: number;
  #metadata: Record<string, string>;
  #carrier: Carrier;
  #ownsCarrier: boolean;
  /** The encoded headers of every call of a path. */
  #headers = new Map<string, Buffer>();

  constructor(options: ConnectOptions, shared?: Carrier) {
    this.url = options.url;
    this.retryUnavailableMs = options.retryUnavailableMs ?? 0;
    this.#metadata = options.metadata ?? {};
    for (const [name, value] of Object.entries(this.#metadata)) checkMetadata(name, value);
    this.#carrier = shared ?? new Carrier(options);
    this.#ownsCarrier = shared === undefined;
  }

  /** Gives the same connection for calls that carry `metadata` as well. Lives as long as this one. */
  with(metadata: Record<string, string>): Connection {
    return new Connection(
      {
        url: this.url,
        retryUnavailableMs: this.retryUnavailableMs,
        metadata: { ...this.#metadata, ...metadata },
      },
      this.#carrier,
    );
  }

  /** Connects before there is a call, which then need not wait for it. What fails here, the first call meets. */
  open(): void {
    this.#carrier.open();
  }

  /** Closes what is open, and fails the calls on it. The next call connects again. */
  hangUp(): void {
    this.#carrier.hangUp();
  }

  /** Starts a call. Messages go and come through it. */
  start(path: string, options: Omit<CallOptions, "signal"> = {}): Http2Call {
    const own: [string, string][] = [];
    if (options.idempotencyKey) own.push(["x-idempotency-key", options.idempotencyKey]);
    if (options.clientVersion) own.push(["x-modal-client-version", options.clientVersion]);
    const common = this.#headersOf(path);
    const headers = own.length === 0 ? common : Buffer.concat([common, encodeHeaders(own)]);
    return this.#carrier.start(headers, options.takeRoom);
  }

  #headersOf(path: string): Buffer {
    const known = this.#headers.get(path);
    if (known) return known;
    const block = encodeHeaders([
      [":method", "POST"],
      [":scheme", this.url.startsWith("https:") ? "https" : "http"],
      [":path", path],
      [":authority", authorityOf(this.url)],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ...Object.entries(this.#metadata),
    ]);
    this.#headers.set(path, block);
    return block;
  }

  [Symbol.dispose](): void {
    if (this.#ownsCarrier) this.#carrier[Symbol.dispose]();
  }
}

/** Milliseconds after which a server that has a call is there, and not one that takes it and dies of it, or a proxy before nothing. */
const keptMs = 1_000;

/** A typed client of `service` on `connection`. Unary calls carry an idempotency key that their retries share. */
export function createClient<S extends DescService>(service: S, connection: Connection): ServiceClient<S> {
  const client: Record<string, unknown> = {};
  for (const [name, method] of methodEntries(service)) {
    const path = `/${service.typeName}/${method.name}`;
    client[name] =
      method.methodKind === "unary"
        ? (request: unknown, options?: CallOptions) => callUnary(connection, path, method, request, options)
        : (request: unknown, options?: CallOptions) => callStream(connection, path, method, request, options);
  }
  return client as ServiceClient<S>;
}

async function callUnary(
  connection: Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions = {},
): Promise<unknown> {
  const idempotencyKey = options.idempotencyKey || newKey();
  const message = encode(method, request);
  const patience = new Patience({ limitMs: connection.retryUnavailableMs, firstMs: 100, maxMs: 2_000 });
  const signal = options.signal ?? new AbortController().signal;
  for (;;) {
    let call: Http2Call | undefined;
    const attempt = new Stopwatch();
    try {
      call = connection.start(path, { ...options, idempotencyKey });
      call.send(message, { last: true });
      const [reply] = await allMessages(call, signal);
      return fromBinary(method.output, must(reply, `the answer of ${method.name}`));
    } catch (error) {
      // It was made where the answer came in, and would name no line of whoever called.
      if (AppError.is(error)) Error.captureStackTrace(error);
      if (!isServerGone(error) || signal.aborted) throw error;
      // A server that was back and kept the call is one that goes away anew.
      if (call?.reachedPeer && attempt.ms > keptMs) patience.succeeded();
      if (!(await patience.again({ signal }))) throw error;
    }
  }
}

async function allMessages(call: Http2Call, signal: AbortSignal): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for await (const message of call.messages({ signal })) messages.push(message);
  return messages;
}

async function* callStream(
  connection: Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions = {},
): AsyncGenerator<unknown> {
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const call = connection.start(path, options);
  if (method.methodKind === "server_streaming") call.send(encode(method, request), { last: true });
  else void sendAll(call, method, request as AsyncIterable<unknown>);
  for await (const message of call.messages({ signal })) yield fromBinary(method.output, message);
}

async function sendAll(call: Http2Call, method: DescMethod, requests: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const request of requests) {
      if (call.hasEnded) return;
      if (!call.send(encode(method, request))) await call.whenDrained();
    }
    call.endRequest();
  } catch (error) {
    // The call cannot go on without its requests: who reads its answer is told why.
    call.fail(error as Error);
  }
}

function encode(method: DescMethod, request: unknown): Uint8Array {
  return toBinary(method.input, create(method.input, request as never));
}

// Keys only have to differ from each other: loading the cryptographic generator would cost more than the call.
function newKey(): string {
  const part = () =>
    Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return `${part()}${part()}${part()}${part()}`;
}

function authorityOf(url: string): string {
  return /^https?:\/\/([^/?#@]+)/.exec(url)?.[1] ?? "localhost";
}

function checkMetadata(name: string, value: string): void {
  if (/^[ -~]*$/.test(value)) return;
  throw new AppError("METADATA_INVALID", `The value of ${name} has letters that cannot be sent.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Use printable ASCII alone; look for a line break at its end.",
  });
}
