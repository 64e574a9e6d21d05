import { onAbort } from "@dorian/base/on-abort";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { RunningInput } from "../running-inputs.ts";
import { clientMessages } from "./client-messages.ts";
import type { WebInput } from "./web-input.ts";

/** How long an answer may take before it is worth a stream of its own to hear whether its client is still there. */
const unheardMs = 20;

export interface WebClientOptions {
  modal: ServiceClient<typeof ModalClient>;
  running: RunningInput;
  input: WebInput;
}

/** The client of one request: the rest of its body, and word when it goes. */
export class WebClient implements Disposable {
  #options: WebClientOptions;
  #gone = new AbortController();
  /** Aborts when nobody listens any more; there is none while nobody does. */
  #ended: AbortController | undefined;
  #isOver = false;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #room = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WebClientOptions) {
    this.#options = options;
    // A websocket's messages have one reader, who is told of its end.
    if (!options.input.isWebSocket) this.#timer = setTimeout(() => this.#hear(), unheardMs);
    // Before it has read what its client has said. A websocket is read to its end.
    if (!options.input.isWebSocket) options.running.onCallerLeft = () => this.#gone.abort(clientLeft());
    onAbort(options.running.signal, () => this.#leave(options.running.signal.reason));
  }

  /** Aborts when the client has gone, or its request was given up. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  /** The body, whole or as it comes; null for none. */
  body(): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null {
    const { body, more } = this.#options.input;
    if (!more) return body.byteLength === 0 ? null : body;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#body = controller;
        if (body.byteLength > 0) controller.enqueue(body);
      },
      pull: () => {
        this.#room.resolve();
        this.#hear();
      },
      // What nobody reads is passed over, so that the end of the request is seen.
      cancel: () => {
        this.#body = undefined;
        this.#room.resolve();
      },
    });
  }

  /** Nobody listens to the client any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#ended?.abort();
  }

  #hear(): void {
    if (this.#ended || this.#isOver) return;
    this.#ended = new AbortController();
    this.#listen(this.#ended.signal).catch((error: unknown) => {
      if (!this.#isOver) this.#leave(error);
    });
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { modal, running } = this.#options;
    for await (const message of clientMessages(modal, running.item.functionCallId, { signal })) {
      if (message.case === "httpDisconnect") this.#leave(clientLeft());
      if (message.case !== "httpRequest") continue;
      const { body, moreBody } = message.value;
      if (body.byteLength > 0) this.#body?.enqueue(body);
      if (!moreBody) {
        this.#body?.close();
        this.#body = undefined;
      }
      // A body goes at the pace of who reads it.
      if (this.#body && (this.#body.desiredSize ?? 1) <= 0) {
        this.#room = Promise.withResolvers();
        await this.#room.promise;
      }
    }
  }

  #leave(reason: unknown): void {
    this.#gone.abort(reason);
    this.#body?.error(reason);
    this.#body = undefined;
    this.#room.resolve();
  }
}

function clientLeft(): DOMException {
  return new DOMException("The client has left.", "AbortError");
}
