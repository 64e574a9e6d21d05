import { create, fromBinary, toBinary, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { must } from "@dorian/base/must";
import { sleep } from "@dorian/base/sleep";
import { Http2Call } from "./http2/call.ts";
import { encodeHeaders } from "./http2/header-block.ts";
import { addressOf, Http2Session } from "./http2/session.ts";
import { isServerGone } from "./status-error.ts";
import { methodEntries, type CallOptions, type ServiceClient } from "./service.ts";

export interface Http2ConnectOptions {
  /** `http://127.0.0.1:7070`, or `unix:///path/to/socket`. */
  url: string;
  /** Sent with every call. */
  metadata?: Record<string, string>;
  /** How long, in milliseconds, a unary call keeps trying while the server cannot be reached. Default 0: fail at once. */
  retryUnavailableMs?: number;
}

/**
 * A connection for gRPC calls, opened by the first one and opened again after it was lost. It does what `Connection` does but
 * for streams of requests, and loads many times faster: it is for containers, whose start people wait for.
 */
export class Http2Connection implements Disposable {
  readonly url: string;
  retryUnavailableMs: number;
  #metadata: [string, string][];
  /** The encoded headers of every call of a path. */
  #headers = new Map<string, Buffer>();
  #session: Http2Session | undefined;
  #closed = false;

  constructor(options: Http2ConnectOptions) {
    this.url = options.url;
    this.retryUnavailableMs = options.retryUnavailableMs ?? 0;
    this.#metadata = Object.entries(options.metadata ?? {});
  }

  /** Sends one request. Messages come back through the call. */
  start(path: string, message: Uint8Array, idempotencyKey?: string): Http2Call {
    if (this.#closed) {
      throw new AppError("CONNECTION_CLOSED", `The connection to ${this.url} was closed.`, {
        status: "CANCELLED",
        remedy: "Make a new connection.",
      });
    }
    if (!this.#session?.usable) this.#session = new Http2Session(addressOf(this.url));
    const common = this.#headersOf(path);
    const headers = idempotencyKey
      ? Buffer.concat([common, encodeHeaders([["x-idempotency-key", idempotencyKey]])])
      : common;
    return new Http2Call(this.#session, headers, message, this.url);
  }

  #headersOf(path: string): Buffer {
    const known = this.#headers.get(path);
    if (known) return known;
    const block = encodeHeaders([
      [":method", "POST"],
      [":scheme", "http"],
      [":path", path],
      [":authority", "localhost"],
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ...this.#metadata,
    ]);
    this.#headers.set(path, block);
    return block;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#session?.[Symbol.dispose]();
  }
}

/**
 * A typed client of `service` on `connection`. Unary calls carry an idempotency key that their retries share.
 *
 * @throws AppError CALL_NOT_SUPPORTED from methods that stream requests.
 */
export function createHttp2Client<S extends DescService>(
  service: S,
  connection: Http2Connection,
): ServiceClient<S> {
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
  connection: Http2Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  const key = options?.idempotencyKey || newKey();
  const message = encode(method, request);
  const deadline = Date.now() + connection.retryUnavailableMs;
  const delays = backoff({ firstMs: 100, maxMs: 2_000 });
  const signal = options?.signal ?? new AbortController().signal;
  for (;;) {
    try {
      const [reply] = await oneMessage(connection.start(path, message, key), signal);
      return fromBinary(method.output, must(reply, `the answer of ${method.name}`));
    } catch (error) {
      const retry = isServerGone(error) && Date.now() < deadline;
      if (!retry || signal.aborted) throw error;
      await sleep(delays.next(), { signal });
    }
  }
}

async function oneMessage(call: Http2Call, signal: AbortSignal): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  for await (const message of call.messages({ signal })) messages.push(message);
  return messages;
}

async function* callStream(
  connection: Http2Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions | undefined,
): AsyncGenerator<unknown> {
  if (method.methodKind !== "server_streaming") {
    throw new AppError("CALL_NOT_SUPPORTED", `${method.name} streams requests, which this client cannot.`, {
      status: "UNIMPLEMENTED",
      remedy: "Use the client of grpc-client.ts.",
    });
  }
  const signal = options?.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  const call = connection.start(path, encode(method, request));
  for await (const message of call.messages({ signal })) yield fromBinary(method.output, message);
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
