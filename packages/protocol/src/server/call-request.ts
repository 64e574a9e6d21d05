import { setImmediate } from "node:timers/promises";
import { fromBinary, type DescMethod } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { AsyncQueue } from "@dorian/base/async-queue";
import { incomplete, repeated } from "../error/call-refusals.ts";
import { anonymousMessageBytes, creditBytes, maxMessageBytes } from "../http2/limits.ts";
import { freeMemory, MessageReader } from "../http2/message-reader.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { HeldRequest, type RequestMemory } from "../memory/request-memory.ts";
import type { Identity } from "../service.ts";
import { checkMessageCost, malformed } from "./message-cost.ts";

/** Messages of a stream that are taken or sent before others have their turn: thousands may come in one packet. */
export const messagesAtOnce = 64;

/** What a call is asked: one message, or a stream of them that its handler takes one by one. */
export class CallRequest {
  #method: DescMethod;
  #stream: Pick<Http2Stream, "consumed">;
  #reader = new MessageReader();
  #held: HeldRequest | undefined;
  #uncredited = 0;
  #message: Uint8Array | undefined;
  /** What a stream has brought and its handler has not taken. */
  #messages: AsyncQueue<Uint8Array> | undefined;
  #untaken = 0;
  #over = false;

  constructor(method: DescMethod, stream: Pick<Http2Stream, "consumed">) {
    this.#method = method;
    this.#stream = stream;
  }

  /** Counts what it holds, and bounds it by who calls. */
  limit(identity: Identity, { memory, connection }: { memory: RequestMemory; connection: object }): void {
    const held = new HeldRequest(memory, connection, identity);
    this.#held = held;
    this.#reader.limits = {
      maxBytes: identity.kind === "anonymous" ? anonymousMessageBytes : maxMessageBytes,
      onHeld: (bytes) => held.hold(bytes),
    };
  }

  /** Makes it a stream: its messages, as they come. */
  open(): AsyncGenerator<unknown> {
    this.#messages = new AsyncQueue();
    return this.#taken(this.#messages);
  }

  get isStream(): boolean {
    return this.#messages !== undefined;
  }

  /** A message has begun to come, and not all of it is there. */
  get isWithinMessage(): boolean {
    return this.#reader.isWithinMessage;
  }

  /** @throws AppError for a second message where there is one, for what is too large, or when there is no memory left for it */
  data(chunk: Buffer): void {
    for (const message of this.#reader.read(chunk)) this.#take(message);
    this.#uncredited += chunk.length;
    this.#credit();
  }

  /** Ends a stream. @throws AppError for one that ends within a message */
  end(): void {
    if (this.#reader.isWithinMessage) throw incomplete(this.#method.name);
    this.#messages?.end();
  }

  /** The one message, when it has come. @throws AppError for one that has not, or that cannot be read */
  whole(): unknown {
    if (!this.#message || this.#reader.isWithinMessage) throw incomplete(this.#method.name);
    const request = this.#decode(this.#message);
    this.#message = undefined;
    return request;
  }

  /** The call is over: nobody takes any more of it. */
  release(): void {
    this.#over = true;
    this.#messages?.end();
    this.#held?.release();
    this.#reader.abandon();
    if (this.#message) freeMemory(this.#message);
    this.#message = undefined;
  }

  #take(message: Uint8Array): void {
    if (this.#messages) {
      this.#untaken += 1;
      this.#messages.push(message);
      return;
    }
    if (this.#message) throw repeated(this.#method.name);
    this.#message = message;
  }

  #decode(message: Uint8Array): unknown {
    try {
      checkMessageCost(this.#method, message);
      return fromBinary(this.#method.input, message);
    } catch (error) {
      freeMemory(message);
      throw AppError.is(error) ? error : malformed(this.#method.name, error);
    }
  }

  async *#taken(messages: AsyncQueue<Uint8Array>): AsyncGenerator<unknown> {
    let taken = 0;
    for await (const message of messages) {
      if (++taken % messagesAtOnce === 0) await setImmediate();
      this.#untaken -= 1;
      this.#credit();
      if (!this.#over) this.#held?.hold(-message.length);
      yield this.#decode(message);
    }
  }

  // A handler that lags behind keeps its peer waiting; a message larger than the window must not.
  #credit(): void {
    if (this.#untaken > 0 || this.#uncredited < creditBytes) return;
    this.#stream.consumed(this.#uncredited);
    this.#uncredited = 0;
  }
}
