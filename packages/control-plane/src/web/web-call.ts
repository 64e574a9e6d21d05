import { sleep } from "@dorian/base/sleep";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { GenericResult } from "@dorian/protocol/modal";
import type { StreamedCall } from "../dispatch/call/streamed-call.ts";
import { decodeAsgi, decodeMessages, type AppMessage } from "./asgi-message.ts";

export interface WebCallOptions {
  /** Milliseconds that an app has to end by itself once it knows that its client has gone. */
  farewellMs: number;
  /** Told of what goes wrong where nobody waits for it any more. */
  onFailure: (error: unknown) => void;
}

const never = new AbortController().signal;

/** A call of a web function for a client that may go, or come back later for the answer. */
export class WebCall {
  readonly callId: string;
  /** How it ended; it never rejects. */
  readonly result: Promise<GenericResult>;
  #call: StreamedCall;
  #options: WebCallOptions;
  #ended = new AbortController();
  #messages: AsyncIterator<Uint8Array>;
  #first: Promise<IteratorResult<Uint8Array>>;
  #left = false;

  constructor(call: StreamedCall, options: WebCallOptions) {
    this.#call = call;
    this.#options = options;
    this.callId = call.callId;
    this.result = call.result;
    void this.result.then(() => this.#ended.abort("ended"));
    // Reading goes on to the end, whatever becomes of the client: the app must not wait for somebody to listen.
    this.#messages = call.received({ signal: never })[Symbol.asyncIterator]();
    this.#first = this.#messages.next();
    // Whoever reads the answer is told.
    this.#first.catch(() => undefined);
  }

  /** True once the app has begun to answer or has ended, false when `signal` aborts or `timeoutMs` pass before. */
  async begun({ timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal }): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const giveUp = () => resolve(false);
    const timer = setTimeout(giveUp, timeoutMs);
    onAbort(signal, giveUp);
    if (signal.aborted) giveUp();
    try {
      return await Promise.race([this.#first.then(() => true), late]);
    } finally {
      clearTimeout(timer);
      offAbort(signal, giveUp);
    }
  }

  /** What the app says, until it has ended. To be read once, to the end. @throws AppError WEB_ANSWER_INVALID */
  async *answer(): AsyncGenerator<AppMessage> {
    for (let next = await this.#first; !next.done; next = await this.#messages.next()) {
      const message = decodeAsgi(next.value);
      if (endsAnswer(message)) this.#call.answered();
      yield message;
    }
    const lastWords = this.#call.lastWords();
    if (lastWords) yield* decodeMessages(lastWords);
  }

  /** Tells the app something. Resolves when it may be told more. */
  async send(message: Uint8Array): Promise<void> {
    await this.#call.send(message, { signal: this.#ended.signal }).catch((error: unknown) => {
      // Nobody listens after the end.
      if (!this.#ended.signal.aborted) throw error;
    });
  }

  /** Reads what is left of the answer, for nobody: an app must not wait for somebody to listen. */
  async drain(): Promise<void> {
    try {
      for (let next = await this.#first; !next.done; next = await this.#messages.next());
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  /** The client has gone: says so to the app, and ends it when it does not end by itself. */
  leave(farewell: Uint8Array): void {
    this.#call.abandon();
    if (this.#left || this.#ended.signal.aborted) return;
    this.#left = true;
    this.send(farewell).catch(this.#options.onFailure);
    this.#endLater().catch(this.#options.onFailure);
  }

  async #endLater(): Promise<void> {
    const isOver = await sleep(this.#options.farewellMs, { signal: this.#ended.signal }).then(
      () => false,
      () => true,
    );
    if (!isOver) await this.#call.cancel("The client has disconnected.");
  }
}

function endsAnswer(message: AppMessage): boolean {
  return (
    (message.case === "httpResponseBody" && !message.value.moreBody) || message.case === "websocketClose"
  );
}
