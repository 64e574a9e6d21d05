import { Fifo } from "@dorian/base/fifo";
import { setImmediate } from "node:timers/promises";

export interface UnsentMessagesOptions<M> {
  /** Resolves when the next one may be sent. */
  send: (message: M) => Promise<void>;
  /** Nothing more should come for now; what is on its way is kept all the same. */
  onFull: () => void;
  onRoom: () => void;
  onFailure: (error: unknown) => void;
  /** Counts what is kept. */
  count: (bytes: number) => void;
}

const mostBytes = 1024 * 1024;
/** What a message takes besides its bytes: without it the empty ones would be free. */
const overheadBytes = 512;
/** Messages that are sent before others have their turn. */
const mostAtOnce = 64;

/** What a client has said and its app was not given yet: it is given one after the other, in order. */
export class UnsentMessages<M extends { readonly length: number }> {
  #options: UnsentMessagesOptions<M>;
  #messages = new Fifo<M>();
  #bytes = 0;
  #isFull = false;
  #isSending = false;
  #ended = false;

  constructor(options: UnsentMessagesOptions<M>) {
    this.#options = options;
  }

  add(message: M): void {
    if (this.#ended) return;
    this.#messages.push(message);
    this.#count(sizeOf(message));
    if (!this.#isSending) this.#send().catch(this.#options.onFailure);
    if (this.#isFull || this.#bytes < mostBytes) return;
    this.#isFull = true;
    this.#options.onFull();
  }

  /**
   * The client has gone: sends what it has said last without waiting for its app, so that its farewell can follow. Resolves when that is
   * on its way: others have their turns meanwhile here, too.
   */
  async end(): Promise<void> {
    this.#ended = true;
    this.#count(-this.#bytes);
    let sent = 0;
    for (const message of this.#messages.drain()) {
      this.#options.send(message).catch(this.#options.onFailure);
      if (++sent % mostAtOnce === 0) await setImmediate();
    }
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    let sent = 0;
    for (let message = this.#messages.shift(); message; message = this.#messages.shift()) {
      await this.#options.send(message);
      if (this.#ended) return;
      this.#count(-sizeOf(message));
      if (this.#isFull && this.#bytes < mostBytes) {
        this.#isFull = false;
        this.#options.onRoom();
      }
      if (++sent % mostAtOnce === 0) await setImmediate();
    }
    this.#isSending = false;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#options.count(bytes);
  }
}

function sizeOf(message: { readonly length: number }): number {
  return message.length + overheadBytes;
}
