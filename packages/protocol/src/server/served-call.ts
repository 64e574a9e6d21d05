import { channel } from "node:diagnostics_channel";
import { setImmediate } from "node:timers/promises";
import { create, toBinary, type DescMethod } from "@bufbuild/protobuf";
import type { AppError } from "@dorian/base/app-error";
import { notServed, stalled, stopping } from "../error/call-refusals.ts";
import { calledUrlOf, metadataOf, timeoutMsOf, type CallMetadata } from "./call-metadata.ts";
import { CallRequest, messagesAtOnce } from "./call-request.ts";
import { answerHead, endOf, statusCodes, successTrailers, trailersOf, type CallEnd } from "./call-status.ts";
import { FairTurns } from "../listener/fair-turns.ts";
import type { Headers } from "../http2/header-list.ts";
import { ConnectionError, errorCode } from "../http2/http2-error.ts";
import { smallAnswerBytes } from "../http2/limits.ts";
import { envelope, envelopeHead } from "../http2/message-envelope.ts";
import type { Http2Stream, StreamEvents } from "../http2/stream.ts";
import type { AnswerRoom } from "../memory/answer-room.ts";
import { roughSize } from "./message-size.ts";
import { callerOf, type RequestMemory } from "../memory/request-memory.ts";
import { peerAddress } from "./peer-address.ts";
import type { CallContext, Caller } from "../service.ts";
import { isWait } from "./waiting-calls.ts";
import { clientTypeHeader, languageOf, type Language } from "../error/words.ts";

/** A method with its implementation: undefined when it is not served. */
export interface Route {
  method: DescMethod;
  handler: ((request: unknown, context: CallContext) => unknown) | undefined;
}

export interface ServedCallOptions {
  /** Who calls; throws an AppError when the credentials are wrong. A call ends with the credential that let it in. */
  authenticate: (metadata: CallMetadata, peer: string | undefined) => Caller;
  /** Asked when the headers are there, before any of the request is taken; throws an AppError for whom the call is not. */
  admit?: (method: DescMethod, context: CallContext) => void;
  /** Told of every failure that is not an AppError. */
  onInternalError: (error: unknown, method: string) => void;
  /** What to answer to a call that is not served, by its name; undefined for a call without an answer of its own. */
  refusalOf?: (call: string) => AppError | undefined;
}

/** By which way a call came. */
export interface CallSource {
  /** Stands for the connection. */
  connection: object;
  memory: RequestMemory;
  /** The caller may vanish without a word, and says under which address it found the server. */
  overNetwork: boolean;
  /** Address of the other end; undefined for one within the machine. */
  peer: string | undefined;
}

/** Calls of all connections, each of some 50 µs, that begin in one turn: there is one event loop for all servers of a process. */
const turns = new FairTurns(64);

/** Tells who listens which calls get an answer that is not an error, with the call's metadata. */
const answered = channel("dorian:call-answered");

// One for all: capturing a stack for every call costs more than many a call.
const callEnded = new DOMException("The call has ended.", "AbortError");

/** Serves one call; what comes of its request goes to it as events. */
export class ServedCall implements StreamEvents {
  #route: Route;
  #stream: Http2Stream;
  #headers: Headers;
  #options: ServedCallOptions;
  #source: CallSource;
  #request: CallRequest;
  #language: Language;
  /** Whose answers wait for each other. */
  #caller: unknown;
  #room: AnswerRoom | undefined;
  #ended = new AbortController();
  #deadline: NodeJS.Timeout | undefined;
  #context: CallContext | undefined;
  /** Stops listening for the end of what let the caller in. */
  #release: (() => void) | undefined;
  /** Its request is complete, or is a stream: the handler has it. */
  #begun = false;
  #answering = false;
  #over = false;
  #drained: (() => void) | undefined;

  constructor(
    route: Route,
    stream: Http2Stream,
    headers: Headers,
    source: CallSource,
    options: ServedCallOptions,
  ) {
    this.#route = route;
    this.#stream = stream;
    this.#headers = headers;
    this.#options = options;
    this.#source = source;
    this.#request = new CallRequest(route.method, stream);
    this.#language = languageOf(headers.get(clientTypeHeader));
    try {
      const { handler, method } = route;
      if (!handler) throw options.refusalOf?.(method.name) ?? notServed(method.name);
      const peer = peerAddress(source.peer, headers.get("x-forwarded-for"));
      const { identity, credential } = options.authenticate(metadataOf(headers), peer);
      if (identity.kind === "anonymous") stream.spend("anonymousCall");
      this.#context = {
        identity,
        signal: this.#ended.signal,
        idempotencyKey: headers.get("x-idempotency-key") ?? "",
        clientVersion: headers.get("x-modal-client-version") ?? "",
        ...(source.overNetwork ? { calledUrl: calledUrlOf(headers) } : {}),
        language: this.#language,
        isLibmodal: headers.has("x-modal-libmodal-version"),
        ...(peer === undefined ? {} : { peer }),
        takeRoom: (bytes) => (bytes > smallAnswerBytes ? this.#roomOfCall.take(bytes) : undefined),
      };
      options.admit?.(method, this.#context);
      this.#request.limit(identity, source);
      // Who shows no token, and whose token others show as well, answers for the own connection alone.
      const isShared = identity.kind === "anonymous" || identity.kind === "worker";
      this.#caller = isShared ? source.connection : callerOf(identity);
      this.#release = credential?.onEnd((reason) => this.#fail(reason));
      this.#limitTime(timeoutMsOf(headers));
      if (method.methodKind === "bidi_streaming" || method.methodKind === "client_streaming") {
        this.#begun = true;
        void this.#serveStream(this.#context, handler, this.#request.open());
      }
    } catch (error) {
      this.#refuse(error);
    }
  }

  headers(): void {
    // Trailers of a request say nothing in gRPC.
  }

  data(chunk: Buffer): void {
    if (this.#over) return;
    try {
      this.#request.data(chunk);
    } catch (error) {
      this.#refuse(error);
    }
  }

  end(): void {
    const { handler, method } = this.#route;
    const context = this.#context;
    if (this.#over || !handler || !context) return;
    try {
      if (this.#request.isStream) return this.#request.end();
      const request = this.#request.whole();
      turns.begin(this.#source.connection, () => {
        if (this.#over) return;
        this.#begun = true;
        if (method.methodKind === "unary") void this.#serveUnary(context, handler, request);
        else void this.#serveStream(context, handler, request);
      });
    } catch (error) {
      this.#refuse(error);
    }
  }

  broken(): void {
    this.#finish();
  }

  quiet(): void {
    // A stream of requests may pause between two of them.
    if (!this.#request.isStream || this.#request.isWithinMessage)
      this.#fail(stalled(this.#route.method.name));
  }

  drained(): void {
    this.#drained?.();
  }

  unread(bytes: number): void {
    this.#roomOfCall.unread(bytes);
  }

  /** The server stops. What is not complete is dropped, and who waits is told to come back; work goes on. */
  stop(): void {
    const { method } = this.#route;
    if (this.#over || (this.#begun && !isWait(method))) return;
    // A wait that has just found something answers with it.
    if (this.#begun && method.methodKind === "unary") this.#ended.abort(stopping(method.name));
    else this.giveUp();
  }

  /** The server waits no longer. */
  giveUp(): void {
    this.#fail(stopping(this.#route.method.name));
  }

  async #serveUnary(
    context: CallContext,
    handler: (request: unknown, context: CallContext) => unknown,
    request: unknown,
  ): Promise<void> {
    try {
      const answer = await handler(request, context);
      const waiting = this.#whenRoomFor(answer);
      if (waiting) await waiting;
      this.#send(answer);
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #serveStream(
    context: CallContext,
    handler: (request: unknown, context: CallContext) => unknown,
    request: unknown,
  ): Promise<void> {
    try {
      let sent = 0;
      for await (const message of handler(request, context) as AsyncIterable<unknown>) {
        if (++sent % messagesAtOnce === 0) await setImmediate();
        const waiting = this.#whenRoomFor(message);
        if (waiting) await waiting;
        if (this.#over) return;
        if (!this.#send(message)) await this.#whenDrained();
      }
      this.#succeed();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Undefined when the answer may be made: it is small, its room was taken already, or nobody waits for any of this caller. */
  #whenRoomFor(answer: unknown): Promise<void> | undefined {
    if (!this.#source.memory.answers.isBusy(this.#caller) || this.#room?.isMaking) return undefined;
    const bytes = roughSize(answer);
    return bytes > smallAnswerBytes ? this.#roomOfCall.take(bytes) : undefined;
  }

  get #roomOfCall(): AnswerRoom {
    const { connection, memory } = this.#source;
    this.#room ??= memory.answers.room(connection, this.#caller, () => {
      this.#stream.reset(errorCode.enhanceYourCalm);
      this.#finish();
    });
    return this.#room;
  }

  #send(message: unknown): boolean {
    if (this.#over) return true;
    const { output } = this.#route.method;
    const bytes = toBinary(output, create(output, message as never));
    this.#room?.made(bytes.length);
    this.#beginAnswer();
    if (bytes.length <= smallAnswerBytes) return this.#stream.sendData(envelope(bytes));
    this.#stream.sendData(envelopeHead(bytes));
    return this.#stream.sendData(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  #whenDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  #succeed(): void {
    if (this.#over) return;
    this.#beginAnswer();
    this.#stream.end(successTrailers);
    this.#finish();
  }

  #beginAnswer(): void {
    if (this.#answering) return;
    this.#answering = true;
    this.#stream.sendHeaders(answerHead, { end: false });
    if (!answered.hasSubscribers) return;
    answered.publish({ method: this.#route.method.name, headers: this.#headers });
  }

  // Nothing was done for it but to look at it.
  #refuse(error: unknown): void {
    if (error instanceof ConnectionError) throw error;
    this.#fail(error);
    this.#stream.spend("refusedCall");
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const onInternal = (cause: unknown) => this.#options.onInternalError(cause, this.#route.method.name);
    this.#failWith(endOf(error, this.#language, onInternal));
  }

  #failWith(end: CallEnd): void {
    if (this.#answering) this.#stream.end(trailersOf(end, { alone: false }));
    else this.#stream.sendHeaders(trailersOf(end, { alone: true }), { end: true });
    this.#finish();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#release?.();
    this.#drained?.();
    this.#room?.end(callEnded);
    this.#request.release();
    this.#ended.abort(callEnded);
  }

  #limitTime(limitMs: number | undefined): void {
    if (limitMs === undefined) return;
    this.#deadline = setTimeout(() => {
      if (!this.#over)
        this.#failWith({ code: statusCodes.deadlineExceeded, details: "The call's deadline has passed." });
    }, limitMs);
  }
}
