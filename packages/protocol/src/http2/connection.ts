import type { Duplex } from "node:stream";
import {
  defaultWindowBytes,
  readSettings,
  setting,
  settingsFrame,
  uint32,
  windowUpdate,
} from "./connection-frames.ts";
import { checkFrame } from "./frame-check.ts";
import { content, dependencyOf, flag, FrameReader, frameType, type Frame } from "./frame.ts";
import { FrameWriter } from "./frame-writer.ts";
import { HeaderCollector, type HeaderBlock } from "./header-collector.ts";
import { trailerFault } from "./header-list.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";
import { IdleWork } from "./idle-work.ts";
import {
  connectionWindowBytes,
  maxWindowBytes,
  partingTicks,
  quietBodyTicks,
  streamWindowBytes,
} from "./limits.ts";
import { everyTick, Liveness } from "./liveness.ts";
import { PeerPreface } from "./peer-preface.ts";
import { RecentResets } from "./recent-resets.ts";
import type { Role } from "./role.ts";
import { Http2Stream, type StreamHost } from "./stream.ts";
import { WaitingStreams } from "./waiting-streams.ts";

/** One HTTP/2 connection: what both its ends do. */
export class Http2Connection implements StreamHost, Disposable {
  readonly writer: FrameWriter;
  readonly streams = new Map<number, Http2Stream>();
  readonly idleWork = new IdleWork();
  sendWindow = defaultWindowBytes;
  readonly streamWindow: number;
  /** What each stream may send before the peer says otherwise. */
  peerStreamWindow = defaultWindowBytes;
  #socket: Duplex;
  #role: Role;
  #frames = new FrameReader();
  #collector: HeaderCollector;
  #preface: PeerPreface;
  #sawSettings = false;
  #receiveWindow = connectionWindowBytes;
  #windowsGrew = false;
  #waiting = new WaitingStreams();
  #resets = new RecentResets();
  #used = false;
  /** Nothing is read until the peer has read what it made this end say. */
  #held = false;
  #leaving = false;
  /** Its last word was said; ticks since then. */
  #partedTicks: number | undefined;
  /** Acknowledgements that the peer owes: of the settings, and of each ping. */
  #unacknowledged = 1;
  #ended: Error | undefined;
  #liveness: Liveness;
  #ticks: Disposable | undefined;

  /** `asks`: the peer may vanish without a word, as over a network. */
  constructor(socket: Duplex, role: Role, options: { asks: boolean; streamWindow?: number | undefined }) {
    this.#socket = socket;
    this.#role = role;
    this.streamWindow = options.streamWindow ?? streamWindowBytes;
    this.#collector = new HeaderCollector(role.headerTableBytes);
    this.#preface = new PeerPreface(role.peerPreface);
    this.#liveness = new Liveness({ asks: options.asks, keeps: role.keeps });
    // A client of a unix socket has nothing to ask of its server; a timer would cost each of its waits some microseconds.
    if (options.asks || !role.keeps) this.#ticks = everyTick(() => this.#tick());
    this.writer = new FrameWriter(socket, () => this.#flushed());
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("end", () => socket.destroy());
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the connection was closed")));
    this.writer.raw(
      Buffer.concat([
        role.ownPreface,
        settingsFrame([...role.settings, [setting.initialWindowSize, this.streamWindow]]),
        windowUpdate(0, connectionWindowBytes - defaultWindowBytes),
      ]),
    );
  }

  /** The peer has begun to speak. */
  get hasBegun(): boolean {
    return this.#sawSettings;
  }

  /** False once no new request can be made on it. */
  get isUsable(): boolean {
    return this.#ended === undefined && !this.#leaving;
  }

  add(stream: Http2Stream): void {
    this.#used = true;
    this.streams.set(stream.id, stream);
    if (this.streams.size === 1) this.#role.busy(true);
  }

  /** Takes no new requests, and ends the connection once the running ones are answered. */
  drain(): void {
    if (!this.isUsable) return;
    this.leave();
    this.#goAway(errorCode.none);
    this.#endIfIdle();
  }

  /** No new requests: either end has said so. */
  leave(): void {
    this.#leaving = true;
  }

  [Symbol.dispose](): void {
    this.#end(new Error("the connection was closed"));
  }

  // --- what streams ask of it ---

  closed(stream: Http2Stream): void {
    if (!this.#role.isOver(stream)) return;
    // The rest of what the other end says is of no use to anybody.
    if (stream.localEnded && stream.remoteEnded) this.#forget(stream);
    else this.reset(stream, this.#role.restUnwanted);
  }

  reset(stream: Http2Stream, code: number): void {
    this.refuse(stream.id, code);
    this.#forget(stream);
  }

  waits(stream: Http2Stream): void {
    this.#waiting.add(stream);
  }

  /** Resets a stream that was perhaps never opened. */
  refuse(streamId: number, code: number): void {
    this.#resets.add(streamId);
    this.writer.owe(frameType.resetStream, 0, streamId, uint32(code));
  }

  /** Ends a stream of which its owner has not had enough. */
  break(stream: Http2Stream, code: number): void {
    this.reset(stream, code);
    stream.events.broken({ resetCode: code });
  }

  // --- reading ---

  get #isOver(): boolean {
    return this.#ended !== undefined || this.#partedTicks !== undefined;
  }

  #read(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#liveness.heard();
    try {
      for (const frame of this.#frames.read(this.#preface.after(chunk))) {
        this.#handle(frame);
        // The frame, or whoever was told of it, may have ended the connection.
        if (this.#isOver) return;
      }
      if (this.#windowsGrew) this.#sendAll();
    } catch (error) {
      this.#breakOff(error as Error);
    }
    // A peer that makes us speak and does not listen has to wait.
    if (!this.writer.owesMuch) return;
    this.#held = true;
    this.#socket.pause();
  }

  #handle(frame: Frame): void {
    checkFrame(frame);
    if (!this.#sawSettings && (frame.type !== frameType.settings || (frame.flags & flag.acknowledge) !== 0))
      throw new ConnectionError(errorCode.protocol, "the peer did not begin with its settings");
    const block = this.#collector.take(frame);
    const { type } = frame;
    if (block) this.#handleHeaders(block);
    else if (type === frameType.data) this.#handleData(frame);
    else if (type === frameType.windowUpdate) this.#handleWindowUpdate(frame);
    else if (type === frameType.resetStream) this.#handleReset(frame);
    else if (type === frameType.settings) this.#handleSettings(frame);
    else if (type === frameType.ping) this.#handlePing(frame);
    else if (type === frameType.goAway) this.#handleGoAway(frame);
    else if (type === frameType.priority) this.#handlePriority(frame);
    else if (type > frameType.continuation) this.idleWork.spend("unknown");
  }

  #handleHeaders(block: HeaderBlock): void {
    const stream = this.streams.get(block.streamId);
    if (!stream) {
      if (this.#isLate(block.streamId)) this.idleWork.spend("late");
      else this.#role.opened(block);
      return;
    }
    stream.quietTicks = 0;
    const code = stream.remoteEnded
      ? errorCode.streamClosed
      : this.#takeHeaders(stream, block) !== undefined && errorCode.protocol;
    if (code !== false) {
      this.idleWork.spend("malformed");
      this.break(stream, code);
    } else if (block.endStream && stream.open) this.remoteEnded(stream);
  }

  // Returns what is wrong with them.
  #takeHeaders(stream: Http2Stream, block: HeaderBlock): string | undefined {
    if (block.dependsOnItself) return "the stream depends on itself";
    if (!stream.answered) return this.#role.answered(stream, block);
    if (!block.endStream) return "headers in the middle of a stream";
    const fault = trailerFault(block.list);
    if (fault === undefined) stream.events.headers(block.list.fields);
    return fault;
  }

  #handleData(frame: Frame): void {
    this.#countReceived(frame.payload.length);
    const data = content(frame);
    const ends = (frame.flags & flag.endStream) !== 0;
    const stream = this.streams.get(frame.streamId);
    if (!stream) {
      if (!this.#isLate(frame.streamId)) throw this.#unopened(frame.streamId);
      this.idleWork.spend("late");
      return;
    }
    stream.receiveWindow -= frame.payload.length;
    stream.quietTicks = 0;
    if (stream.missing !== undefined) stream.missing -= data.length;
    if (stream.remoteEnded) this.break(stream, errorCode.streamClosed);
    else if (stream.receiveWindow < 0) this.break(stream, errorCode.flowControl);
    else if (!stream.answered || (stream.missing ?? 0) < 0) this.break(stream, errorCode.protocol);
    else {
      if (data.length > 0) stream.events.data(data);
      else if (!ends) this.idleWork.spend("emptyData");
      // Padding is taken at once.
      stream.consumed(frame.payload.length - data.length);
      if (ends && stream.open) this.remoteEnded(stream);
    }
  }

  #countReceived(bytes: number): void {
    this.#receiveWindow -= bytes;
    if (this.#receiveWindow < 0)
      throw new ConnectionError(errorCode.flowControl, "more data than the window allows");
    if (this.#receiveWindow > connectionWindowBytes / 2) return;
    this.writer.raw(windowUpdate(0, connectionWindowBytes - this.#receiveWindow));
    this.#receiveWindow = connectionWindowBytes;
  }

  /** The peer has said all that it has to say on a stream. */
  remoteEnded(stream: Http2Stream): void {
    if ((stream.missing ?? 0) > 0) {
      this.break(stream, errorCode.protocol);
      return;
    }
    stream.remoteEnded = true;
    const { events } = stream;
    this.closed(stream);
    events.end();
  }

  #handleWindowUpdate({ streamId, payload }: Frame): void {
    this.idleWork.spend("windowUpdate");
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    const stream = this.streams.get(streamId);
    if (streamId === 0) {
      if (bytes === 0) throw new ConnectionError(errorCode.protocol, "a window grows by nothing");
      this.sendWindow += bytes;
      if (this.sendWindow > maxWindowBytes) throw windowTooLarge();
    } else if (stream) {
      stream.sendWindow += bytes;
      if (bytes === 0) this.break(stream, errorCode.protocol);
      else if (stream.sendWindow > maxWindowBytes) this.break(stream, errorCode.flowControl);
    } else if (this.#role.isIdle(streamId)) throw this.#unopened(streamId);
    this.#windowsGrew = true;
  }

  #handleReset({ streamId, payload }: Frame): void {
    if (this.#role.isIdle(streamId)) throw this.#unopened(streamId);
    this.idleWork.spend("reset");
    const stream = this.streams.get(streamId);
    if (!stream) return;
    this.#forget(stream);
    stream.events.broken({ resetCode: payload.readUInt32BE(0) });
  }

  #handleSettings(frame: Frame): void {
    if ((frame.flags & flag.acknowledge) !== 0) return this.#handleAcknowledgement();
    if (this.#sawSettings) this.idleWork.spend("settings");
    this.#sawSettings = true;
    const settings = readSettings(frame.payload);
    const streams = settings.get(setting.maxConcurrentStreams);
    if (streams !== undefined) this.#role.peerStreams(streams);
    const window = settings.get(setting.initialWindowSize);
    if (window !== undefined && window !== this.peerStreamWindow) {
      for (const stream of this.streams.values()) {
        stream.sendWindow += window - this.peerStreamWindow;
        if (stream.sendWindow > maxWindowBytes) throw windowTooLarge();
      }
      this.peerStreamWindow = window;
      this.#windowsGrew = true;
    }
    this.writer.owe(frameType.settings, flag.acknowledge, 0, Buffer.alloc(0));
  }

  #handlePing(frame: Frame): void {
    if ((frame.flags & flag.acknowledge) !== 0) return this.#handleAcknowledgement();
    this.idleWork.spend("ping");
    this.writer.owe(frameType.ping, flag.acknowledge, 0, frame.payload);
  }

  #handleAcknowledgement(): void {
    if (this.#unacknowledged > 0) this.#unacknowledged -= 1;
    else this.idleWork.spend("unasked");
  }

  #handlePriority(frame: Frame): void {
    this.idleWork.spend("priority");
    if (dependencyOf(frame) === frame.streamId)
      throw new ConnectionError(errorCode.protocol, "a stream depends on itself");
  }

  #handleGoAway({ payload }: Frame): void {
    this.idleWork.spend("goAway");
    this.leave();
    this.#role.peerLeaves(payload.readUInt32BE(0) & 0x7fffffff);
    this.#endIfIdle();
  }

  /** Is this about a stream that is over for us, and that the peer may not know to be? */
  #isLate(streamId: number): boolean {
    return this.#resets.has(streamId) || (this.#leaving && this.#role.isIdle(streamId));
  }

  #unopened(streamId: number): ConnectionError {
    return this.#role.isIdle(streamId)
      ? new ConnectionError(errorCode.protocol, `stream ${streamId} was never opened`)
      : new ConnectionError(errorCode.streamClosed, `stream ${streamId} is closed`);
  }

  // --- sending ---

  // Once for everything that was read together.
  #sendAll(): void {
    this.#windowsGrew = false;
    this.#flushed();
  }

  #flushed(): void {
    if (this.#ended) return;
    if (this.#held && !this.writer.owesMuch) {
      this.#held = false;
      this.#socket.resume();
    }
    this.#waiting.send(() => !this.writer.isCongested && this.sendWindow > 0);
  }

  // --- ending ---

  #tick(): void {
    const verdict = this.#liveness.tick(
      {
        begun: this.#sawSettings,
        inHeaders: this.#collector.isOpen,
        streams: this.streams.size,
        used: this.#used,
      },
      this.writer.progress,
    );
    if (verdict === "leave") this.drain();
    else if (verdict === "ping") {
      this.#unacknowledged += 1;
      this.writer.frame(frameType.ping, 0, 0, Buffer.alloc(8));
    } else if (verdict !== "well") this.#end(new Error(`the connection was given up: ${verdict.gone}`));
    if (this.#partedTicks !== undefined) this.#partedTicks += 1;
    if (this.#ended || (this.#partedTicks ?? 0) > partingTicks) {
      // Who was told why it is let go, and does not take that either.
      this.#socket.destroy();
      return;
    }
    for (const stream of this.streams.values()) {
      if (stream.remoteEnded) continue;
      stream.quietTicks += 1;
      if (stream.quietTicks >= quietBodyTicks) stream.events.quiet();
    }
  }

  #forget(stream: Http2Stream): void {
    stream.abandon();
    this.streams.delete(stream.id);
    this.#waiting.delete(stream);
    if (this.streams.size > 0) return;
    this.#role.busy(false);
    this.#endIfIdle();
  }

  #goAway(code: number): void {
    const payload = Buffer.concat([uint32(this.#role.lastPeerStream), uint32(code)]);
    this.writer.frame(frameType.goAway, 0, 0, payload);
  }

  #endIfIdle(): void {
    if (!this.#leaving || this.streams.size > 0 || this.#isOver) return;
    this.#partedTicks = 0;
    this.writer.flush();
    this.#socket.end();
  }

  // Whoever breaks the protocol is told so, and let go.
  #breakOff(error: Error): void {
    this.#goAway(error instanceof ConnectionError ? error.code : errorCode.internal);
    this.writer.flush();
    this.#lose(error);
    this.#socket.end(() => this.#socket.destroy());
  }

  #end(reason: Error): void {
    this.#lose(reason);
    this.#socket.destroy();
    this.#ticks?.[Symbol.dispose]();
  }

  #lose(reason: Error): void {
    if (this.#ended) return;
    this.#ended = reason;
    const streams = [...this.streams.values()];
    this.streams.clear();
    this.#waiting.clear();
    for (const stream of streams) {
      stream.abandon();
      stream.events.broken({ lost: reason });
    }
  }
}

function windowTooLarge(): ConnectionError {
  return new ConnectionError(errorCode.flowControl, "a window grows beyond what it may be");
}
