import { channel } from "node:diagnostics_channel";
import { create, fromBinary, toBinary, type DescMethod } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { answerHead, endOf, statusCodes, successTrailers, trailersOf, type CallEnd } from "./call-status.ts";
import { creditBytes } from "./http2/connection-frames.ts";
import type { Headers } from "./http2/header-block.ts";
import { envelope } from "./http2/message-envelope.ts";
import { MessageReader } from "./http2/message-reader.ts";
import type { Exchange, ExchangeEvents } from "./http2/server-session.ts";
import type { CallContext, Identity } from "./service.ts";

/** A method with its implementation: undefined when it is not served. */
export interface Route {
  method: DescMethod;
  handler: ((request: unknown, context: CallContext) => unknown) | undefined;
}

export interface ServedCallOptions {
  /** Who calls; throws an AppError when the credentials are wrong. */
  authenticate: (metadata: CallMetadata) => Identity;
  /** Told of every failure that is not an AppError. */
  onInternalError: (error: unknown, method: string) => void;
  /** What to answer to a call that is not served, by its name; undefined for a call without an answer of its own. */
  refusalOf?: (call: string) => AppError | undefined;
}

/** The part of a call's metadata that says who calls. */
export interface CallMetadata {
  get(key: string): (string | Buffer)[];
}

/** Tells who listens which calls get an answer that is not an error, with the call's metadata. */
const answered = channel("dorian:call-answered");

// One for all: capturing a stack for every call costs more than many a call.
const callEnded = new DOMException("The call has ended.", "AbortError");

/** Serves one call; what comes of its request goes to the events that are returned. */
export function serveCall(route: Route, exchange: Exchange, options: ServedCallOptions): ExchangeEvents {
  return new ServedCall(route, exchange, options);
}

class ServedCall implements ExchangeEvents {
  #route: Route;
  #exchange: Exchange;
  #options: ServedCallOptions;
  #reader = new MessageReader();
  #ended = new AbortController();
  #deadline: NodeJS.Timeout | undefined;
  #context: CallContext | undefined;
  #uncredited = 0;
  #answering = false;
  #over = false;
  #request: Uint8Array | undefined;
  /** What a stream of requests has brought and its handler has not taken. */
  #requests: AsyncQueue<unknown> | undefined;
  #untaken = 0;
  #drained: (() => void) | undefined;

  constructor(route: Route, exchange: Exchange, options: ServedCallOptions) {
    this.#route = route;
    this.#exchange = exchange;
    this.#options = options;
    try {
      const { headers } = exchange;
      const { handler, method } = route;
      if (!handler) throw options.refusalOf?.(method.name) ?? notServed(method.name);
      this.#context = {
        identity: options.authenticate(metadataOf(headers)),
        signal: this.#ended.signal,
        idempotencyKey: headers.get("x-idempotency-key") ?? "",
        clientVersion: headers.get("x-modal-client-version") ?? "",
        calledUrl: calledUrlOf(headers),
        isLibmodal: headers.has("x-modal-libmodal-version"),
      };
      this.#limitTime(headers.get("grpc-timeout"));
      if (method.methodKind === "bidi_streaming" || method.methodKind === "client_streaming") {
        this.#requests = new AsyncQueue();
        void this.#stream(this.#context, handler, this.#taken(this.#requests));
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    try {
      for (const message of this.#reader.read(chunk)) this.#take(message);
      this.#uncredited += chunk.length;
      this.#credit();
    } catch (error) {
      this.#fail(error);
    }
  }

  end(): void {
    const { handler, method } = this.#route;
    const context = this.#context;
    if (this.#over || !handler || !context) return;
    if (this.#requests) {
      this.#requests.end();
      return;
    }
    try {
      if (!this.#request) throw incomplete(method.name);
      const request = fromBinary(method.input, this.#request);
      if (method.methodKind === "unary") void this.#unary(context, handler, request);
      else void this.#stream(context, handler, request);
    } catch (error) {
      this.#fail(error);
    }
  }

  gone(): void {
    this.#finish();
  }

  drained(): void {
    this.#drained?.();
  }

  #take(message: Uint8Array): void {
    if (!this.#requests) {
      this.#request = message;
      return;
    }
    this.#untaken += 1;
    this.#requests.push(fromBinary(this.#route.method.input, message));
  }

  async *#taken(requests: AsyncQueue<unknown>): AsyncGenerator<unknown> {
    for await (const request of requests) {
      this.#untaken -= 1;
      this.#credit();
      yield request;
    }
  }

  // A handler that lags behind keeps its peer waiting; a message larger than the window must not.
  #credit(): void {
    if (this.#untaken > 0 || this.#uncredited < creditBytes) return;
    this.#exchange.consumed(this.#uncredited);
    this.#uncredited = 0;
  }

  async #unary(
    context: CallContext,
    handler: (request: unknown, context: CallContext) => unknown,
    request: unknown,
  ): Promise<void> {
    try {
      this.#send(await handler(request, context));
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #stream(
    context: CallContext,
    handler: (request: unknown, context: CallContext) => unknown,
    request: unknown,
  ): Promise<void> {
    try {
      for await (const message of handler(request, context) as AsyncIterable<unknown>) {
        if (this.#over) return;
        if (!this.#send(message)) await this.#whenDrained();
      }
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  #send(message: unknown): boolean {
    const { output } = this.#route.method;
    const bytes = envelope(toBinary(output, create(output, message as never)));
    if (this.#over) return true;
    this.#beginAnswer();
    return this.#exchange.sendData(bytes);
  }

  #whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #succeed(): void {
    if (this.#over) return;
    this.#beginAnswer();
    this.#exchange.sendTrailers(successTrailers);
    this.#finish();
  }

  #beginAnswer(): void {
    if (this.#answering) return;
    this.#answering = true;
    this.#exchange.sendHeaders(answerHead, { end: false });
    if (!answered.hasSubscribers) return;
    answered.publish({ method: this.#route.method.name, headers: this.#exchange.headers });
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    this.#failWith(endOf(error, (cause) => this.#options.onInternalError(cause, this.#route.method.name)));
  }

  #failWith(end: CallEnd): void {
    if (this.#answering) this.#exchange.sendTrailers(trailersOf(end, { alone: false }));
    else this.#exchange.sendHeaders(trailersOf(end, { alone: true }), { end: true });
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#drained?.();
    this.#requests?.end();
    this.#ended.abort(callEnded);
  }

  #limitTime(timeout: string | undefined): void {
    const limitMs = timeout === undefined ? undefined : timeoutMs(timeout);
    if (limitMs === undefined || limitMs > longestTimerMs) return;
    this.#deadline = setTimeout(() => {
      if (!this.#over)
        this.#failWith({ code: statusCodes.deadlineExceeded, details: "The call's deadline has passed." });
    }, limitMs);
  }
}

/** What setTimeout can wait for. */
const longestTimerMs = 2 ** 31 - 1;
const unitMs: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000001 };

function timeoutMs(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Number(amount) * (unitMs[unit] ?? 0);
}

// A proxy that ends TLS in front of this server says so.
function calledUrlOf(headers: Headers): string {
  const scheme = headers.get("x-forwarded-proto") ?? headers.get(":scheme") ?? "http";
  return `${scheme}://${headers.get(":authority") ?? "localhost"}`;
}

function metadataOf(headers: Headers): CallMetadata {
  return {
    get(key) {
      const value = headers.get(key);
      return value === undefined ? [] : [value];
    },
  };
}

function notServed(method: string): AppError {
  return new AppError("CALL_NOT_SERVED", `Dorian does not serve ${method} here.`, {
    status: "UNIMPLEMENTED",
    remedy: "docs/modal-compatibility.md lists what it serves instead.",
  });
}

function incomplete(method: string): AppError {
  return new AppError("CALL_INCOMPLETE", `The request of ${method} ended before its message.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Send one whole message.",
  });
}
