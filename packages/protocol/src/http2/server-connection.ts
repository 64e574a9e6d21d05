import type { Duplex } from "node:stream";
import { Http2Connection } from "./connection.ts";
import type { Role } from "./role.ts";
import { preface, setting } from "./connection-frames.ts";
import { requestFault, type Headers } from "./header-list.ts";
import { ConnectionError, errorCode } from "./http2-error.ts";
import { headerTableBytes, maxHeaderListBytes, maxStreams } from "./limits.ts";
import { Http2Stream, type StreamEvents } from "./stream.ts";

export interface ServerConnectionOptions {
  /** The peer may vanish without a word, as over a network. */
  asks: boolean;
  onRequest(stream: Http2Stream, headers: Headers): StreamEvents;
}

/** The server's end of a connection, on a socket that a peer has opened. */
export function serveConnection(socket: Duplex, options: ServerConnectionOptions): Http2Connection {
  let lastStream = 0;
  const role: Role = {
    peerPreface: preface,
    ownPreface: Buffer.alloc(0),
    settings: [
      [setting.maxConcurrentStreams, maxStreams],
      [setting.maxHeaderListSize, maxHeaderListBytes],
    ],
    headerTableBytes,
    restUnwanted: errorCode.none,
    keeps: false,
    get lastPeerStream() {
      return lastStream;
    },
    isOver: (stream) => stream.localEnded,
    isIdle: (id) => id % 2 === 0 || id > lastStream,
    opened(block) {
      const { streamId: id, list } = block;
      if (id % 2 === 0) throw new ConnectionError(errorCode.protocol, "only servers use even streams");
      if (id <= lastStream) throw new ConnectionError(errorCode.streamClosed, `stream ${id} is closed`);
      lastStream = id;
      if (connection.streams.size >= maxStreams) {
        connection.idleWork.spend("refused");
        connection.refuse(id, errorCode.refused);
        return;
      }
      const length = list.fields.get("content-length");
      const isMalformed =
        block.dependsOnItself ||
        requestFault(list) !== undefined ||
        (length !== undefined && (!/^\d{1,15}$/.test(length) || (block.endStream && Number(length) > 0)));
      if (isMalformed) {
        connection.idleWork.spend("malformed");
        connection.refuse(id, errorCode.protocol);
        return;
      }
      const stream = new Http2Stream(id, connection, connection.peerStreamWindow, nobody);
      stream.answered = true;
      if (length !== undefined) stream.missing = Number(length);
      stream.remoteEnded = block.endStream;
      connection.add(stream);
      stream.events = options.onRequest(stream, list.fields);
      if (block.endStream && stream.open) stream.events.end();
    },
    answered: () => undefined,
    peerLeaves: () => undefined,
    peerStreams: () => undefined,
    busy: () => undefined,
  };
  const connection = new Http2Connection(socket, role, options);
  return connection;
}

/** For a stream that nobody listens to any more. */
export const nobody: StreamEvents = {
  headers: () => undefined,
  data: () => undefined,
  end: () => undefined,
  broken: () => undefined,
  drained: () => undefined,
  unread: () => undefined,
  quiet: () => undefined,
};
