import type { Socket } from "node:net";
import { Http2Connection } from "./connection.ts";
import type { Role } from "./role.ts";
import { preface, setting } from "./connection-frames.ts";
import { answerFault } from "./header-list.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";
import { maxStreams } from "./limits.ts";
import { Http2Stream, type StreamEvents } from "./stream.ts";

const lastStreamId = 2 ** 31 - 1;

/** The client's end of a connection. */
export class ClientConnection implements Disposable {
  #connection: Http2Connection;
  #nextId = 1;
  #peerStreams = maxStreams;

  /** `asks`: the peer may vanish without a word, as over a network. `streamWindow`: what it may send of an answer before some is taken. */
  constructor(socket: Socket, options: { asks: boolean; streamWindow?: number | undefined }) {
    socket.setNoDelay(true);
    const role: Role = {
      peerPreface: Buffer.alloc(0),
      ownPreface: preface,
      // No table: our decoder then has no state, and a container less to load.
      settings: [
        [setting.headerTableSize, 0],
        [setting.enablePush, 0],
      ],
      headerTableBytes: 0,
      restUnwanted: errorCode.cancel,
      keeps: true,
      lastPeerStream: 0,
      isOver: (stream) => stream.remoteEnded,
      isIdle: (id) => id % 2 === 0 || id >= this.#nextId,
      opened(block) {
        throw new ConnectionError(
          errorCode.protocol,
          `headers on stream ${block.streamId}, which is not open`,
        );
      },
      answered(stream, { list, endStream }) {
        const fault = answerFault(list);
        const isInterim = list.fields.get(":status")?.startsWith("1") && !endStream;
        if (fault !== undefined || isInterim) return fault;
        stream.answered = true;
        stream.events.headers(list.fields);
        return undefined;
      },
      peerLeaves: (lastStream) => this.#peerLeaves(lastStream),
      peerStreams: (count) => (this.#peerStreams = count),
      // A connection that carries nothing does not keep a program from ending.
      busy: (busy) => void (busy ? socket.ref() : socket.unref()),
    };
    this.#connection = new Http2Connection(socket, role, options);
  }

  /** The peer has begun to speak. */
  get hasBegun(): boolean {
    return this.#connection.hasBegun;
  }

  /** False once no new request can be made on it. */
  get isUsable(): boolean {
    return this.#connection.isUsable && this.#nextId <= lastStreamId;
  }

  /** False while the peer wants no more requests at the same time. */
  get hasRoom(): boolean {
    return this.#connection.streams.size < Math.min(this.#peerStreams, maxStreams);
  }

  /** Opens a stream. `headers`: an encoded header block. */
  request(headers: Buffer, events: StreamEvents): Http2Stream {
    const stream = new Http2Stream(this.#nextId, this.#connection, this.#connection.peerStreamWindow, events);
    this.#nextId += 2;
    this.#connection.add(stream);
    stream.sendHeaders(headers, { end: false });
    return stream;
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  #peerLeaves(lastStream: number): void {
    for (const stream of this.#connection.streams.values()) {
      if (stream.id <= lastStream) continue;
      this.#connection.reset(stream, errorCode.cancel);
      stream.events.broken({ lost: new Error("the server is shutting down") });
    }
  }
}
