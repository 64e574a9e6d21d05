import { AppError } from "@dorian/base/app-error";
import { connect, type Socket } from "node:net";
import { content, flag, FrameReader, frameType, maxFramePayloadBytes, type Frame } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { decodeHeaders, type Headers } from "./header-block.ts";
import {
  connectionWindowBytes,
  defaultWindowBytes,
  preface,
  resetCode,
  setting,
  settingsFrame,
  streamWindowBytes,
  uint32,
  windowUpdate,
} from "./connection-frames.ts";

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
  #writer: FrameWriter;
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
    this.#writer = new FrameWriter(this.#socket);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk) => this.#read(chunk));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", () => this.#fail(new Error("the connection was closed")));
    this.#writer.raw(
      Buffer.concat([
        preface,
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

  /** `headers`: an encoded header block. */
  request(headers: Buffer, body: Buffer, events: StreamEvents): Stream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream: OpenStream = {
      id,
      events,
      sendWindow: this.#peerStreamWindow,
      unsent: body,
      consumed: (bytes) => {
        if (this.#streams.has(id) && bytes > 0) this.#writer.raw(windowUpdate(id, bytes));
      },
      cancel: () => {
        if (!this.#forget(id)) return;
        this.#writer.frame(frameType.resetStream, 0, id, uint32(resetCode.cancel));
      },
    };
    this.#streams.set(id, stream);
    this.#socket.ref();
    this.#writer.headers(id, headers, { endStream: false });
    this.#send(stream);
    return stream;
  }

  [Symbol.dispose](): void {
    this.#fail(new Error("the connection was closed"));
  }

  #send(stream: OpenStream): void {
    while (stream.unsent.length > 0) {
      const size = Math.min(stream.unsent.length, maxFramePayloadBytes, stream.sendWindow, this.#sendWindow);
      if (size <= 0) return;
      const last = size === stream.unsent.length;
      this.#writer.frame(
        frameType.data,
        last ? flag.endStream : 0,
        stream.id,
        stream.unsent.subarray(0, size),
      );
      stream.unsent = stream.unsent.subarray(size);
      stream.sendWindow -= size;
      this.#sendWindow -= size;
    }
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
      this.#writer.frame(frameType.ping, flag.acknowledge, 0, frame.payload);
  }

  #handleData(frame: Frame): void {
    this.#received += frame.payload.length;
    if (this.#received >= connectionWindowBytes / 2) {
      this.#writer.raw(windowUpdate(0, this.#received));
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
    this.#writer.frame(frameType.settings, flag.acknowledge, 0, Buffer.alloc(0));
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
      this.#writer.frame(frameType.resetStream, 0, id, uint32(resetCode.cancel));
    if (this.#draining && this.#streams.size === 0) {
      this.#writer.flush();
      this.#socket.end();
    }
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
