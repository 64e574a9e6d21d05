import type { Socket } from "node:net";
import { content, flag, FrameReader, frameType, maxFramePayloadBytes, type Frame } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { decodeHeaders, type Headers } from "./header-block.ts";
import { HeaderTable } from "./header-table.ts";
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

const headerTableBytes = 4096;
const maxHeaderBlockBytes = 64 * 1024;
const maxStreams = 10_000;
const goAwayCode = { none: 0, protocol: 1 } as const;

export interface ExchangeEvents {
  data(chunk: Buffer): void;
  /** The request is complete. */
  end(): void;
  /** Nobody waits for the answer any more. */
  gone(): void;
  /** What was sent has left: more may follow. */
  drained(): void;
}

/** One request of a peer, and the way to answer it. */
export interface Exchange {
  readonly headers: Headers;
  /** Tells the peer that `bytes` of data were taken, so that it may send as many again. */
  consumed(bytes: number): void;
  /** `end`: the answer consists of nothing else. */
  sendHeaders(block: Buffer, options: { end: boolean }): void;
  /** False when the peer or the network has to catch up first. */
  sendData(data: Buffer): boolean;
  /** Ends the answer, after the data. */
  sendTrailers(block: Buffer): void;
}

interface OpenStream {
  id: number;
  events: ExchangeEvents;
  sendWindow: number;
  unsent: Buffer[];
  trailers: Buffer | undefined;
  requestEnded: boolean;
  /** Its sender waits for `drained`. */
  waiting: boolean;
}

/** The server's end of a clear-text HTTP/2 connection: as much of RFC 9113 as gRPC needs. */
export class Http2ServerSession {
  #socket: Socket;
  #writer: FrameWriter;
  #frames = new FrameReader();
  #table = new HeaderTable(headerTableBytes);
  #streams = new Map<number, OpenStream>();
  #lastId = 0;
  #start: Buffer | undefined = Buffer.alloc(0);
  #headerBlock: { frame: Frame; parts: Buffer[]; bytes: number } | undefined;
  #sendWindow = defaultWindowBytes;
  #peerStreamWindow = defaultWindowBytes;
  #received = 0;
  #draining = false;
  #onExchange: (exchange: Exchange) => ExchangeEvents;

  constructor(socket: Socket, options: { onExchange: (exchange: Exchange) => ExchangeEvents }) {
    this.#socket = socket;
    this.#onExchange = options.onExchange;
    this.#writer = new FrameWriter(socket, () => this.#resume());
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("end", () => socket.destroy());
    // A peer that vanishes is no failure: "close" follows.
    socket.on("error", () => undefined);
    socket.on("close", () => this.#closed());
    this.#writer.raw(
      Buffer.concat([
        settingsFrame([
          [setting.maxConcurrentStreams, maxStreams],
          [setting.initialWindowSize, streamWindowBytes],
        ]),
        windowUpdate(0, connectionWindowBytes - defaultWindowBytes),
      ]),
    );
  }

  /** Takes no new requests, and ends the connection once the running ones are answered. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#goAway(goAwayCode.none);
    this.#endIfIdle();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #goAway(code: number): void {
    this.#writer.frame(frameType.goAway, 0, 0, Buffer.concat([uint32(this.#lastId), uint32(code)]));
  }

  #endIfIdle(): void {
    if (!this.#draining || this.#streams.size > 0) return;
    this.#writer.flush();
    this.#socket.end();
  }

  #closed(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.events.gone();
  }

  #read(chunk: Buffer): void {
    try {
      const rest = this.#start ? this.#readPreface(this.#start, chunk) : chunk;
      if (rest) for (const frame of this.#frames.read(rest)) this.#handle(frame);
    } catch {
      // Whoever breaks the protocol is told so, and let go.
      this.#goAway(goAwayCode.protocol);
      this.#writer.flush();
      this.#socket.destroySoon();
      this.#closed();
    }
  }

  #readPreface(before: Buffer, chunk: Buffer): Buffer | undefined {
    const start = Buffer.concat([before, chunk]);
    const seen = start.subarray(0, preface.length);
    if (!preface.subarray(0, seen.length).equals(seen)) throw new Error("not HTTP/2");
    this.#start = seen.length < preface.length ? start : undefined;
    return this.#start ? undefined : start.subarray(preface.length);
  }

  #handle(frame: Frame): void {
    if (this.#headerBlock && frame.type !== frameType.continuation) throw new Error("headers interrupted");
    if (frame.type === frameType.data) this.#handleData(frame);
    else if (frame.type === frameType.headers) this.#startHeaders(frame);
    else if (frame.type === frameType.continuation) this.#continueHeaders(frame);
    else if (frame.type === frameType.resetStream) this.#forget(frame.streamId)?.events.gone();
    else if (frame.type === frameType.settings) this.#handleSettings(frame);
    else if (frame.type === frameType.windowUpdate) this.#handleWindowUpdate(frame);
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
    if (!stream || stream.requestEnded) return;
    const data = content(frame);
    if (data.length > 0) stream.events.data(data);
    if ((frame.flags & flag.endStream) !== 0) endRequest(stream);
  }

  #startHeaders(frame: Frame): void {
    this.#headerBlock = { frame, parts: [], bytes: 0 };
    this.#addHeaders(content(frame), frame.flags);
  }

  #continueHeaders(frame: Frame): void {
    if (this.#headerBlock?.frame.streamId !== frame.streamId) throw new Error("headers out of order");
    this.#addHeaders(frame.payload, frame.flags);
  }

  #addHeaders(part: Buffer, flags: number): void {
    const block = this.#headerBlock;
    if (!block) return;
    block.parts.push(part);
    block.bytes += part.length;
    if (block.bytes > maxHeaderBlockBytes) throw new Error("too many headers");
    if ((flags & flag.endHeaders) === 0) return;
    this.#headerBlock = undefined;
    // Decoded whatever becomes of them: later headers refer to them.
    const headers = decodeHeaders(block.parts.length === 1 ? part : Buffer.concat(block.parts), this.#table);
    this.#handleHeaders(block.frame, headers);
  }

  #handleHeaders(frame: Frame, headers: Headers): void {
    const { streamId: id } = frame;
    const ends = (frame.flags & flag.endStream) !== 0;
    const known = this.#streams.get(id);
    if (known) {
      // Trailers of the request, which say nothing in gRPC.
      if (ends && !known.requestEnded) endRequest(known);
      return;
    }
    if (id % 2 === 0 || id <= this.#lastId) throw new Error("stream used twice");
    // The peer has been told by GOAWAY that this one is not handled.
    if (this.#draining) return;
    this.#lastId = id;
    if (this.#streams.size >= maxStreams) {
      this.#writer.frame(frameType.resetStream, 0, id, uint32(resetCode.refused));
      return;
    }
    const stream: OpenStream = {
      id,
      events: silent,
      sendWindow: this.#peerStreamWindow,
      unsent: [],
      trailers: undefined,
      requestEnded: false,
      waiting: false,
    };
    this.#streams.set(id, stream);
    stream.events = this.#onExchange(this.#exchange(stream, headers));
    if (ends) endRequest(stream);
  }

  #exchange(stream: OpenStream, headers: Headers): Exchange {
    const isOpen = () => this.#streams.get(stream.id) === stream;
    return {
      headers,
      consumed: (bytes) => {
        if (isOpen() && !stream.requestEnded) this.#writer.raw(windowUpdate(stream.id, bytes));
      },
      sendHeaders: (block, { end }) => {
        if (!isOpen()) return;
        this.#writer.headers(stream.id, block, { endStream: end });
        if (end) this.#finish(stream);
      },
      sendData: (data) => {
        if (!isOpen()) return true;
        stream.unsent.push(data);
        this.#send(stream);
        stream.waiting = stream.unsent.length > 0 || this.#writer.congested;
        return !stream.waiting;
      },
      sendTrailers: (block) => {
        if (!isOpen()) return;
        stream.trailers = block;
        this.#send(stream);
      },
    };
  }

  #send(stream: OpenStream): void {
    for (let next = stream.unsent[0]; next; next = stream.unsent[0]) {
      const size = Math.min(next.length, maxFramePayloadBytes, stream.sendWindow, this.#sendWindow);
      if (size <= 0) return;
      this.#writer.frame(frameType.data, 0, stream.id, next.subarray(0, size));
      stream.sendWindow -= size;
      this.#sendWindow -= size;
      if (size === next.length) stream.unsent.shift();
      else stream.unsent[0] = next.subarray(size);
    }
    if (stream.trailers) {
      this.#writer.headers(stream.id, stream.trailers, { endStream: true });
      this.#finish(stream);
    }
  }

  #finish(stream: OpenStream): void {
    // The rest of the request is of no use to anybody.
    if (!stream.requestEnded) this.#writer.frame(frameType.resetStream, 0, stream.id, uint32(resetCode.none));
    this.#forget(stream.id);
  }

  #forget(id: number): OpenStream | undefined {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    this.#endIfIdle();
    return stream;
  }

  #resume(): void {
    for (const stream of this.#streams.values()) {
      if (!stream.waiting || stream.unsent.length > 0 || this.#writer.congested) continue;
      stream.waiting = false;
      stream.events.drained();
    }
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
    const bytes = frame.payload.readUInt32BE(0) & 0x7fffffff;
    if (frame.streamId === 0) this.#sendWindow += bytes;
    else {
      const stream = this.#streams.get(frame.streamId);
      if (stream) stream.sendWindow += bytes;
    }
    this.#sendAll();
  }

  #sendAll(): void {
    for (const stream of this.#streams.values()) if (stream.unsent.length > 0) this.#send(stream);
    this.#resume();
  }
}

const silent: ExchangeEvents = {
  data: () => undefined,
  end: () => undefined,
  gone: () => undefined,
  drained: () => undefined,
};

function endRequest(stream: OpenStream): void {
  stream.requestEnded = true;
  stream.events.end();
}
