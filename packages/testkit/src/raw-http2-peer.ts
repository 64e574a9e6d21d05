import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Frame types of HTTP/2, under the names that RFC 9113 gives them. */
export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

export interface RawFrame {
  type: number;
  flags: number;
  streamId: number;
  payload: Buffer;
}

/** Any frame, whether it may be sent or not. `length`: what it claims, when that is not so. */
export function rawFrame(
  type: keyof typeof frameTypes | number,
  flags: number,
  streamId: number,
  payload: Uint8Array = new Uint8Array(),
  length = payload.length,
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(length, 0, 3);
  header[3] = typeof type === "number" ? type : frameTypes[type];
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

export function rawSettings(...settings: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return rawFrame("settings", 0, 0, payload);
}

export function rawUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header field as a literal; `first` says of which kind: 0x00 is not remembered, 0x40 is. */
export function rawField(name: string, value: string, first = 0): Buffer {
  return Buffer.concat([Buffer.from([first]), rawString(name), rawString(value)]);
}

export function rawFields(...fields: [name: string, value: string][]): Buffer {
  return Buffer.concat(fields.map(([name, value]) => rawField(name, value)));
}

/** The header block of a call, with further fields. */
export function rawCall(path: string, ...fields: [name: string, value: string][]): Buffer {
  return rawFields(
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...fields,
  );
}

/** A gRPC message in its envelope, which may claim another length. */
export function rawMessage(bytes: Uint8Array = new Uint8Array(), length = bytes.length): Buffer {
  return Buffer.concat([Buffer.from([0]), rawUint32(length), bytes]);
}

function rawString(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([rawInteger(bytes.length, 7), bytes]);
}

function rawInteger(value: number, prefixBits: number): Buffer {
  const limit = 2 ** prefixBits - 1;
  if (value < limit) return Buffer.from([value]);
  const out = [limit];
  let rest = value - limit;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out.push((rest % 128) + 128);
  return Buffer.from([...out, rest]);
}

/** The bytes of one socket as they come, cut into frames: an end of HTTP/2 that does what it is told and nothing else. */
export class RawHttp2Peer implements Disposable {
  readonly socket: Socket;
  /** Every frame that has come and not been taken by `next`. */
  readonly frames: RawFrame[] = [];
  #rest = Buffer.alloc(0);
  #changed: (() => void)[] = [];
  #closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    // What becomes of the other end is what tests look at: "close" follows.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** A client that has connected and, unless told otherwise, begun as a client should. */
  static async connect(
    address: { port: number } | { path: string },
    options: { begin?: boolean } = {},
  ): Promise<RawHttp2Peer> {
    const socket = "port" in address ? connect(address.port, "127.0.0.1") : connect(address.path);
    const peer = new RawHttp2Peer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    if (options.begin ?? true) peer.write(http2Preface, rawSettings());
    return peer;
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(...parts: Uint8Array[]): void {
    if (this.socket.writable) this.socket.write(Buffer.concat(parts));
  }

  /** Like `write`, at the pace at which the other end reads; false once it is closed. */
  async push(...parts: Uint8Array[]): Promise<boolean> {
    if (this.#closed || !this.socket.writable) return false;
    if (!this.socket.write(Buffer.concat(parts))) {
      await new Promise<void>((resolve) => {
        const done = () => {
          this.socket.off("drain", done).off("close", done);
          resolve();
        };
        this.socket.on("drain", done).on("close", done);
      });
    }
    return !this.#closed;
  }

  /** The next frame that `wanted` is true for; the ones before it are dropped. Undefined when the connection is closed without. */
  async next(wanted: (frame: RawFrame) => boolean): Promise<RawFrame | undefined> {
    for (;;) {
      for (let frame = this.frames.shift(); frame; frame = this.frames.shift())
        if (wanted(frame)) return frame;
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  /** Stops reading: whatever the other end says stays in the socket. */
  stopReading(): void {
    this.socket.pause();
  }

  async whenClosed(): Promise<void> {
    while (!this.#closed) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  #read(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      const [type = 0, flags = 0] = this.#rest.subarray(3, 5);
      const streamId = this.#rest.readUInt32BE(5) & 0x7fffffff;
      this.frames.push({ type, flags, streamId, payload: Buffer.from(this.#rest.subarray(9, end)) });
      this.#rest = this.#rest.subarray(end);
    }
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }
}

/** A server that hands every connection to `onPeer`, which speaks for it. */
export async function serveRawHttp2(
  onPeer: (peer: RawHttp2Peer) => void,
): Promise<{ port: number } & AsyncDisposable> {
  const peers = new Set<RawHttp2Peer>();
  const server = createServer((socket) => {
    const peer = new RawHttp2Peer(socket);
    peers.add(peer);
    socket.once("close", () => peers.delete(peer));
    onPeer(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const peer of peers) peer[Symbol.dispose]();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
