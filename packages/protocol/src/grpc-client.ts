import { create, fromBinary, toBinary, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";
import * as grpc from "@grpc/grpc-js";
import { randomUUID } from "node:crypto";
import { maxMessageBytes } from "./grpc-server.ts";
import { methodEntries, type CallOptions, type ServiceClient } from "./service.ts";
import { fromStatus } from "./status.ts";
import { isServerGone } from "./status-error.ts";

export interface ConnectOptions {
  /** `http://127.0.0.1:7070`, or `unix:///path/to/socket`. */
  url: string;
  /** Sent with every call. */
  metadata?: Record<string, string>;
  /** How long, in milliseconds, a unary call keeps trying while the server cannot be reached. Default 0: fail at once. */
  retryUnavailableMs?: number;
}

/** One HTTP/2 connection, shared by the clients made from it. Disposing it fails their open calls. */
export class Connection implements Disposable {
  readonly url: string;
  readonly client: grpc.Client;
  retryUnavailableMs: number;
  #metadata: Record<string, string>;

  constructor(options: ConnectOptions & { shared?: grpc.Client }) {
    this.url = options.url;
    this.retryUnavailableMs = options.retryUnavailableMs ?? 0;
    this.#metadata = options.metadata ?? {};
    this.client =
      options.shared ??
      new grpc.Client(targetOf(options.url), grpc.credentials.createInsecure(), {
        "grpc.max_receive_message_length": maxMessageBytes,
        "grpc.max_send_message_length": maxMessageBytes,
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 2_000,
        // One connection per Connection: pooled subchannels would be shared between differently authorised ones.
        "grpc.use_local_subchannel_pool": 1,
        // A proxy of the environment is for the way out, never for the way to our own server.
        "grpc.enable_http_proxy": 0,
      });
  }

  /** The same connection for calls that carry `metadata` as well. Lives as long as this one. */
  with(metadata: Record<string, string>): Connection {
    return new Connection({
      url: this.url,
      retryUnavailableMs: this.retryUnavailableMs,
      metadata: { ...this.#metadata, ...metadata },
      shared: this.client,
    });
  }

  metadata(options?: CallOptions): grpc.Metadata {
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(this.#metadata)) metadata.set(key, value);
    if (options?.idempotencyKey) metadata.set("x-idempotency-key", options.idempotencyKey);
    if (options?.clientVersion) metadata.set("x-modal-client-version", options.clientVersion);
    return metadata;
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

/**
 * A typed client of `service` on `connection`. Unary calls carry an idempotency key that their retries share.
 */
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

const serialize = (method: DescMethod) => (value: unknown) =>
  Buffer.from(toBinary(method.input, create(method.input, value as never)));
const deserialize = (method: DescMethod) => (bytes: Buffer) => fromBinary(method.output, bytes) as unknown;

async function callUnary(
  connection: Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions | undefined,
): Promise<unknown> {
  const key = options?.idempotencyKey || randomUUID();
  const deadline = Date.now() + connection.retryUnavailableMs;
  const delays = backoff({ firstMs: 100, maxMs: 2_000 });
  const signal = options?.signal ?? new AbortController().signal;
  for (;;) {
    try {
      return await unaryAttempt(connection, path, method, request, {
        ...options,
        idempotencyKey: key,
        signal,
      });
    } catch (error) {
      const retry = isServerGone(error) && Date.now() < deadline;
      if (!retry || signal.aborted) throw error;
      await sleep(delays.next(), { signal });
    }
  }
}

function unaryAttempt(
  connection: Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions & { signal: AbortSignal },
): Promise<unknown> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const cancel = () => call.cancel();
    const call = connection.client.makeUnaryRequest(
      path,
      serialize(method),
      deserialize(method),
      request,
      connection.metadata(options),
      (error, response) => {
        signal.removeEventListener("abort", cancel);
        if (!error) resolve(response);
        else reject(signal.aborted ? signal.reason : fromStatus(error, connection.url));
      },
    );
    signal.addEventListener("abort", cancel, { once: true });
  });
}

async function* callStream(
  connection: Connection,
  path: string,
  method: DescMethod,
  request: unknown,
  options: CallOptions | undefined,
): AsyncGenerator<unknown> {
  const signal = options?.signal;
  signal?.throwIfAborted();
  const call =
    method.methodKind === "bidi_streaming"
      ? connection.client.makeBidiStreamRequest(
          path,
          serialize(method),
          deserialize(method),
          connection.metadata(options),
        )
      : connection.client.makeServerStreamRequest(
          path,
          serialize(method),
          deserialize(method),
          request,
          connection.metadata(options),
        );
  const cancel = () => call.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  if (method.methodKind === "bidi_streaming") {
    void pump(request as AsyncIterable<unknown>, call as grpc.ClientDuplexStream<unknown, unknown>);
  }
  try {
    for await (const message of call) yield message;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw isServiceError(error) ? fromStatus(error, connection.url) : error;
  } finally {
    signal?.removeEventListener("abort", cancel);
    call.cancel();
  }
}

async function pump(
  requests: AsyncIterable<unknown>,
  call: grpc.ClientDuplexStream<unknown, unknown>,
): Promise<void> {
  try {
    for await (const request of requests) {
      if (call.destroyed) return;
      if (!call.write(request))
        await new Promise<void>((resolve) => call.once("drain", resolve).once("close", resolve));
    }
    call.end();
  } catch {
    // The producer of requests failed: the call cannot go on, and its reader is told by the cancellation.
    call.cancel();
  }
}

function isServiceError(error: unknown): error is grpc.ServiceError {
  return error instanceof Error && "details" in error && "metadata" in error;
}

function targetOf(url: string): string {
  if (url.startsWith("unix://")) return `unix:${url.slice("unix://".length)}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:") return `${parsed.hostname}:${parsed.port || "80"}`;
  throw new AppError("SERVER_URL_INVALID", `"${url}" is not a server address.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Write it as http://host:port, or unix:///path/to/socket.",
  });
}
