/** One side of a websocket, as the other side reaches it. */
export interface WebSocketPeer {
  /** Bytes that it was given and has not passed on. */
  readonly bufferedBytes?: number;
  message(data: string | Uint8Array<ArrayBuffer>): void;
  /** Without a code: none was given. A client's reason does not come along: it is empty. */
  closed(code: number | undefined, reason: string): void;
}

const [connecting, open, closing, closed] = [0, 1, 2, 3] as const;
const [normalClosure, noCode, internalError] = [1000, 1005, 1011];

interface WebSocketEvents {
  open: Event;
  message: Event & { data: string | ArrayBuffer | Blob };
  close: Event & { code: number; reason: string; wasClean: boolean };
  error: Event;
}

type Listener<K extends keyof WebSocketEvents> = ((event: WebSocketEvents[K]) => unknown) | null;

/** The server's side of a websocket, with the interface of the standard `WebSocket`. */
export class ServerWebSocket extends EventTarget {
  static readonly CONNECTING = connecting;
  static readonly OPEN = open;
  static readonly CLOSING = closing;
  static readonly CLOSED = closed;
  readonly CONNECTING = connecting;
  readonly OPEN = open;
  readonly CLOSING = closing;
  readonly CLOSED = closed;

  readonly url: string;
  /** What both have agreed on; empty for none. */
  readonly protocol: string;
  readonly extensions = "";
  binaryType: "arraybuffer" | "blob" = "blob";
  onopen: Listener<"open"> = null;
  onmessage: Listener<"message"> = null;
  onclose: Listener<"close"> = null;
  onerror: Listener<"error"> = null;
  #state: 0 | 1 | 2 | 3 = connecting;
  #peer: WebSocketPeer | undefined;
  /** How it was closed before there was anybody to tell. */
  #early: { code: number | undefined; reason: string } | undefined;
  #blobBytes = 0;
  /** Settles when blobs have been read that were sent before what is sent now. */
  #reading: Promise<void> | undefined;

  constructor(url: string, protocol: string) {
    super();
    this.url = url;
    this.protocol = protocol;
  }

  /** 0 until the handler has returned the response, 1 while it is open, 2 and 3 when it is closing and closed. */
  get readyState(): 0 | 1 | 2 | 3 {
    return this.#state;
  }

  /** Bytes that were sent and have not left yet: a program that sends without end waits when they are many. */
  get bufferedAmount(): number {
    return this.#blobBytes + (this.#peer?.bufferedBytes ?? 0);
  }

  /** Sends a message; what is sent to a socket that is closed is dropped. @throws DOMException InvalidStateError before it is open */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.#state === connecting)
      throw new DOMException("The websocket opens when its response is returned.", "InvalidStateError");
    if (this.#state !== open) return;
    const message = typeof data === "string" || data instanceof Blob ? data : bytesOf(data);
    if (this.#reading || message instanceof Blob) this.#reading = this.#sendLater(message, this.#reading);
    else this.#peer?.message(message);
  }

  /** Closes it, with a code of 1000 or from 3000 to 4999, and a reason of at most 123 bytes. @throws DOMException */
  close(code?: number, reason = ""): void {
    if (code !== undefined && code !== normalClosure && !(code >= 3000 && code <= 4999))
      throw new DOMException(`${code} is no code that a program may close with.`, "InvalidAccessError");
    if (Buffer.byteLength(reason) > 123) throw new DOMException("The reason is too long.", "SyntaxError");
    this.end(code, reason);
  }

  /** Closes it with any code: for what passes on how another websocket ended. */
  end(code: number | undefined, reason: string): void {
    if (this.#state >= closing) return;
    this.#state = closing;
    if (!this.#peer) this.#early = { code, reason };
    const end = () => this.#peer?.closed(code, reason);
    if (this.#reading) void this.#reading.then(end);
    else end();
  }

  /** Opens it to a client, and gives what the client tells it by. */
  connect(client: WebSocketPeer): WebSocketPeer {
    this.#peer = client;
    if (this.#early) client.closed(this.#early.code, this.#early.reason);
    else {
      this.#state = open;
      this.#fire("open", new Event("open"));
    }
    return {
      message: (data) => {
        if (this.#state === open)
          this.#fire(
            "message",
            new MessageEvent("message", { data: typeof data === "string" ? data : this.#received(data) }),
          );
      },
      closed: (code = noCode, reason) => {
        if (this.#state === closed) return;
        this.#state = closed;
        const event = Object.assign(new Event("close"), { code, reason, wasClean: code !== 1006 });
        this.#fire("close", event as WebSocketEvents["close"]);
      },
    };
  }

  #received(data: Uint8Array<ArrayBuffer>): ArrayBuffer | Blob {
    if (this.binaryType === "blob") return new Blob([data]);
    return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
  }

  async #sendLater(
    message: string | Blob | Uint8Array<ArrayBuffer>,
    before: Promise<void> | undefined,
  ): Promise<void> {
    if (!(message instanceof Blob)) {
      await before;
      this.#peer?.message(message);
      return;
    }
    this.#blobBytes += message.size;
    const [bytes] = await Promise.all([message.bytes().catch(() => undefined), before]);
    this.#blobBytes -= message.size;
    if (bytes) this.#peer?.message(new Uint8Array(bytes));
    else this.#fail();
  }

  /** Ends it when a message cannot be sent, such as a blob of a file that has changed: what follows would lack it. */
  #fail(): void {
    const peer = this.#peer;
    this.#peer = undefined;
    if (this.#state === open) this.#state = closing;
    this.#fire("error", new Event("error"));
    peer?.closed(internalError, "A message could not be read.");
  }

  #fire<K extends keyof WebSocketEvents>(type: K, event: WebSocketEvents[K]): void {
    const handler = this[`on${type}`] as ((event: WebSocketEvents[K]) => unknown) | null;
    handler?.call(this, event);
    this.dispatchEvent(event);
  }
}

function bytesOf(data: ArrayBufferLike | ArrayBufferView): Uint8Array<ArrayBuffer> {
  // A copy: its owner may change it before it has left.
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer)
    : new Uint8Array(data.slice(0) as ArrayBuffer);
}
