import { AppError } from "@dorian/base/app-error";
import { connect, type Socket } from "node:net";
import {
  content,
  flag,
  frameHeader,
  FrameReader,
  frameType,
  maxFramePayloadBytes,
  type Frame,
} from "./frame.ts";
import { decodeHeaders, encodeHeaders, type Headers } from "./header-block.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const setting = { headerTableSize: 1, enablePush: 2, initialWindowSize: 4 } as const;
const defaultWindowBytes = 65_535;
const connectionWindowBytes = 64 * 1024 * 1024;
/** What the peer may send on one stream before its reader has taken any of it. */
const streamWindowBytes = 4 * 1024 * 1024;
export const resetCode = { refused: 7, cancel: 8 } as const;

export interface StreamEvents {
  /** Called for the response headers and again for trailers. */
  headers(headers: Headers): void;
  data(chunk: Buffer): void;
  /** The peer has finished. */
  end(): void;
  /** The peer reset the stream with this code. */
  reset(code: number): void;
  /** The connection is gone, or will not carry this stream. */
  lost(reason: Error): void;
}

/** One request in flight. */
export interface Stream {
  /** Tells the peer that `bytes` of data were taken, so that it may send as many again. */
  consumed(bytes: number): void;
  cancel(): void;
}

interface OpenStream extends Stream {
  id: number;
  events: StreamEvents;
  sendWindow: number;
  unsent: Buffer;
}

/**
 * A clear-text HTTP/2 connection that makes requests with a body known beforehand: as much of RFC 9113 as a gRPC client needs.
 * Node's own module does more and takes several times as long to load, which every container start would pay for.
 */
export class Http2Session implements Disposable {
  #socket: Socket;
  #frames = new FrameReader();
  #streams = new Map<number, OpenStream>();
  #nextId = 1;
  #headerBlock: { frame: Frame; parts: Buffer[] } | undefined;
  #sendWindow = defaultWindowBytes;
  #peerStreamWindow = defaultWindowBytes;
  #received = 0;
  #failure: Error | undefined;
  #draining = false;

  constructor(address: { path: string } | { host: string; port: number }) {
    this.#socket = connect(address);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the connection was closed")));
    this.#socket.write(
      Buffer.concat([
        Buffer.from(preface),
        settingsFrame([
          [setting.headerTableSize, 0],
          [setting.enablePush, 0],
          [setting.initialWindowSize, streamWindowBytes],
        ]),
        windowUpdate(0, connectionWindowBytes - defaultWindowBytes),
      ]),
    );
  }

  /** False once no new request can be made on it. */
  get usable(): boolean {
    return this.#failure === undefined && !this.#draining;
  }

  request(headers: Iterable<readonly [string, string]>, body: Buffer, events: StreamEvents): Stream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream: OpenStream = {
      id,
      events,
      sendWindow: this.#peerStreamWindow,
      unsent: body,
      consumed: (bytes) => {
        if (this.#streams.has(id) && bytes > 0) this.#socket.write(windowUpdate(id, bytes));
      },
      cancel: () => {
        if (!this.#forget(id)) return;
        this.#writeFrame(frameType.resetStream, 0, id, uint32(resetCode.cancel));
      },
    };
    this.#streams.set(id, stream);
    this.#socket.ref();
    this.#socket.cork();
    this.#writeHeaders(id, encodeHeaders(headers));
    this.#send(stream);
    this.#socket.uncork();
    return stream;
  }

  [Symbol.dispose](): void {
    this.#fail(new Error("the connection was closed"));
  }

  #writeHeaders(id: number, block: Buffer): void {
    const first = block.subarray(0, maxFramePayloadBytes);
    const whole = first.length === block.length;
    this.#writeFrame(frameType.headers, whole ? flag.endHeaders : 0, id, first);
    for (let at = first.length; at < block.length; at += maxFramePayloadBytes) {
      const part = block.subarray(at, at + maxFramePayloadBytes);
      const last = at + part.length === block.length;
      this.#writeFrame(frameType.continuation, last ? flag.endHeaders : 0, id, part);
    }
  }

  #send(stream: OpenStream): void {
    while (stream.unsent.length > 0) {
      const size = Math.min(stream.unsent.length, maxFramePayloadBytes, stream.sendWindow, this.#sendWindow);
      if (size <= 0) return;
      const last = size === stream.unsent.length;
      this.#writeFrame(frameType.data, last ? flag.endStream : 0, stream.id, stream.unsent.subarray(0, size));
      stream.unsent = stream.unsent.subarray(size);
      stream.sendWindow -= size;
      this.#sendWindow -= size;
    }
  }

  #writeFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.#socket.write(frameHeader(type, flags, streamId, payload.length));
    if (payload.length > 0) this.#socket.write(payload);
  }

  #read(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.read(chunk)) this.#handle(frame);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #handle(frame: Frame): void {
    if (frame.type === frameType.data) this.#handleData(frame);
    else if (frame.type === frameType.headers) this.#startHeaders(frame);
    else if (frame.type === frameType.continuation) this.#continueHeaders(frame);
    else if (frame.type === frameType.resetStream)
      this.#close(frame.streamId)?.events.reset(frame.payload.readUInt32BE(0));
    else if (frame.type === frameType.settings) this.#handleSettings(frame);
    else if (frame.type === frameType.windowUpdate) this.#handleWindowUpdate(frame);
    else if (frame.type === frameType.goAway) this.#handleGoAway(frame);
    else if (frame.type === frameType.ping && (frame.flags & flag.acknowledge) === 0)
      this.#writeFrame(frameType.ping, flag.acknowledge, 0, frame.payload);
  }

  #handleData(frame: Frame): void {
    this.#received += frame.payload.length;
    if (this.#received >= connectionWindowBytes / 2) {
      this.#socket.write(windowUpdate(0, this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(frame.streamId);
    if (!stream) return;
    const data = content(frame);
    stream.consumed(frame.payload.length - data.length);
    if (data.length > 0) stream.events.data(data);
    if ((frame.flags & flag.endStream) !== 0) this.#close(frame.streamId)?.events.end();
  }

  #startHeaders(frame: Frame): void {
    this.#headerBlock = { frame, parts: [content(frame)] };
    this.#finishHeaders(frame.flags);
  }

  #continueHeaders(frame: Frame): void {
    this.#headerBlock?.parts.push(frame.payload);
    this.#finishHeaders(frame.flags);
  }

  #finishHeaders(flags: number): void {
    const block = this.#headerBlock;
    if (!block || (flags & flag.endHeaders) === 0) return;
    this.#headerBlock = undefined;
    const headers = decodeHeaders(Buffer.concat(block.parts));
    this.#streams.get(block.frame.streamId)?.events.headers(headers);
    if ((block.frame.flags & flag.endStream) !== 0) this.#close(block.frame.streamId)?.events.end();
  }

  #handleSettings(frame: Frame): void {
    if ((frame.flags & flag.acknowledge) !== 0) return;
    for (let at = 0; at + 6 <= frame.payload.length; at += 6) {
      if (frame.payload.readUInt16BE(at) !== setting.initialWindowSize) continue;
      const size = frame.payload.readUInt32BE(at + 2);
      for (const stream of this.#streams.values()) stream.sendWindow += size - this.#peerStreamWindow;
      this.#peerStreamWindow = size;
    }
    this.#writeFrame(frameType.settings, flag.acknowledge, 0, Buffer.alloc(0));
    this.#sendAll();
  }

  #handleWindowUpdate(frame: Frame): void {
    const bytes = frame.payload.readUInt32BE(0);
    if (frame.streamId === 0) {
      this.#sendWindow += bytes;
      this.#sendAll();
      return;
    }
    const stream = this.#streams.get(frame.streamId);
    if (!stream) return;
    stream.sendWindow += bytes;
    this.#send(stream);
  }

  #sendAll(): void {
    for (const stream of this.#streams.values()) this.#send(stream);
  }

  #handleGoAway(frame: Frame): void {
    this.#draining = true;
    const lastId = frame.payload.readUInt32BE(0) & 0x7fffffff;
    for (const id of this.#streams.keys()) {
      if (id > lastId) this.#close(id)?.events.lost(new Error("the server is shutting down"));
    }
  }

  #close(id: number): OpenStream | undefined {
    const stream = this.#forget(id);
    // Answered before the request was sent in full: the rest is of no use to anybody.
    if (stream && stream.unsent.length > 0)
      this.#writeFrame(frameType.resetStream, 0, id, uint32(resetCode.cancel));
    if (this.#draining && this.#streams.size === 0) this.#socket.end();
    return stream;
  }

  // A connection that carries nothing does not keep a program from ending.
  #forget(id: number): OpenStream | undefined {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    if (this.#streams.size === 0) this.#socket.unref();
    return stream;
  }

  #fail(reason: Error): void {
    if (this.#failure) return;
    this.#failure = reason;
    this.#socket.destroy();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.events.lost(reason);
  }
}

/** Where a session connects, from a server URL. */
export function addressOf(url: string): { path: string } | { host: string; port: number } {
  if (url.startsWith("unix://")) return { path: url.slice("unix://".length) };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "http:") return { host: parsed.hostname, port: Number(parsed.port || "80") };
  throw new AppError("SERVER_URL_INVALID", `"${url}" is not a server address.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Write it as http://host:port, or unix:///path/to/socket.",
  });
}

function settingsFrame(settings: [id: number, value: number][]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return Buffer.concat([frameHeader(frameType.settings, 0, 0, payload.length), payload]);
}

function windowUpdate(streamId: number, bytes: number): Buffer {
  return Buffer.concat([frameHeader(frameType.windowUpdate, 0, streamId, 4), uint32(bytes)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}
