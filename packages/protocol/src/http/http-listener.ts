import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionBudget } from "../listener/connection-budget.ts";
import type { KeptSocket } from "../listener/kept-sockets.ts";
import { Listener, type ListenAddress } from "../listener/listener.ts";
import type { TlsTerms } from "../listener/tls-terms.ts";
import { FairTurns } from "../listener/fair-turns.ts";
import { OutstandingRequests } from "./outstanding-requests.ts";
import { refusalOf } from "./refused-requests.ts";

export interface HttpListenerOptions {
  address: ListenAddress;
  /** An error that it throws ends the request that it is about, and nothing else. */
  onRequest: (incoming: IncomingMessage, response: ServerResponse) => Promise<void> | void;
  /** Takes over connections that are to become websockets; without it there are none. */
  onUpgrade?: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void> | void;
  /** The request handler itself says that the body may come (`Expect: 100-continue`). */
  continuesItself?: boolean;
  /** Told of what a handler has thrown. */
  onFailure: (error: unknown) => void;
  maxHeaderBytes: number;
  highWaterMark?: number;
  tls?: TlsTerms | undefined;
  budget?: ConnectionBudget | undefined;
  kept?: KeptSocket | undefined;
  limits?: Partial<HttpLimits>;
}

/** How long a peer may take. */
export interface HttpLimits {
  /** For the head of a request. */
  headMs: number;
  /** Without a byte of a body that is read, or of an answer that is taken. */
  idleMs: number;
  /** Between two requests. */
  betweenMs: number;
}

const defaultLimits: HttpLimits = {
  // The head fits into a few packets.
  headMs: 20_000,
  // Mobile networks lose a peer for a while; what is silent for longer does not come back.
  idleMs: 60_000,
  // Clients keep connections for 15 s: whoever closes them must not be the one who is asked next.
  betweenMs: 75_000,
};

/** Requests of all connections, each of some 250 µs, that begin in one turn: there is one event loop for all ports of a process. */
const turns = new FairTurns(16);

/** How much later than its limit a peer that takes too long for the head of a request is let go. */
const latePart = 1 / 8;

/** Serves HTTP/1.1 on a port, in plain text and in TLS, within limits. */
export class HttpListener implements AsyncDisposable {
  readonly port: number;
  #listener: Listener;
  #http: Server;

  private constructor(listener: Listener, http: Server) {
    this.port = listener.port;
    this.#listener = listener;
    this.#http = http;
  }

  /** @throws AppError SERVER_ADDRESS_UNUSABLE */
  static async open(options: HttpListenerOptions): Promise<HttpListener> {
    const http = createHttp(options);
    const listener = await Listener.open({
      address: options.address,
      protocol: "http/1.1",
      tls: options.tls,
      budget: options.budget,
      kept: options.kept,
      plaintextRefusal:
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis server is reached by https.\n",
      ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
      onConnection: (socket) => http.emit("connection", socket),
    });
    return new HttpListener(listener, http);
  }

  /** Takes no new connections; resolves when nobody is connected any more. */
  async drain(): Promise<void> {
    const closed = this.#listener.close();
    this.closeIdle();
    await closed;
  }

  /** Ends connections that carry no request. */
  closeIdle(): void {
    this.#http.closeIdleConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.close();
    await this.#listener[Symbol.asyncDispose]();
  }
}

function createHttp(options: HttpListenerOptions): Server {
  const { onFailure, onUpgrade } = options;
  const { headMs, idleMs, betweenMs } = { ...defaultLimits, ...options.limits };
  const http = createServer({
    maxHeaderSize: options.maxHeaderBytes,
    headersTimeout: headMs,
    // Large files over slow links take longer than any default; a sender that stops is let go as idle.
    requestTimeout: 0,
    keepAliveTimeout: betweenMs,
    connectionsCheckingInterval: Math.ceil(headMs * latePart),
    // Whoever asks for another protocol, such as h2c, is answered with this one.
    shouldUpgradeCallback: (incoming) =>
      onUpgrade !== undefined && incoming.headers.upgrade?.toLowerCase() === "websocket",
  });
  // None is dropped in silence: too many are refused.
  http.maxHeadersCount = 0;
  http.timeout = idleMs;
  const outstanding = new OutstandingRequests();
  http.on("timeout", (socket) => {
    // Who waits for an answer may wait.
    if (outstanding.isStuck(socket)) socket.destroy();
    else socket.setTimeout(idleMs);
  });
  const onRequest = (incoming: IncomingMessage, response: ServerResponse) => {
    // A peer that leaves in the middle is no failure: whoever reads or writes is told.
    incoming.on("error", () => undefined);
    response.on("error", () => undefined);
    if (!outstanding.add({ incoming, response })) {
      stopParsing(incoming.socket);
      return;
    }
    const refusal = refusalOf(incoming);
    if (refusal) {
      response.writeHead(refusal.status, {
        "Content-Type": "text/plain; charset=utf-8",
        Connection: "close",
      });
      response.end(`${refusal.text}\n`);
      return;
    }
    turns.begin(incoming.socket, () => {
      if (incoming.socket.destroyed) return;
      void settle(
        () => options.onRequest(incoming, response),
        onFailure,
        () => response.destroy(),
      );
    });
  };
  http.on("request", onRequest);
  if (options.continuesItself) http.on("checkContinue", onRequest);
  http.on("upgrade", (incoming, socket, head) => {
    socket.on("error", () => undefined);
    if (!onUpgrade || refusalOf(incoming)) {
      socket.destroy();
      return;
    }
    turns.begin(socket, () => {
      void settle(
        () => onUpgrade(incoming, socket, head),
        onFailure,
        () => socket.destroy(),
      );
    });
  });
  // Node watches over slow requests from the moment at which a server listens, which the listener in front does for it.
  http.emit("listening");
  return http;
}

/** What a parser is told of a request that changes the protocol: nothing after it is for the parser. */
const nothingMore = 2;

/** Ends a connection in the middle of what was read from it. */
function stopParsing(socket: Socket & { parser?: { onIncoming: () => number } | null }): void {
  // Destroying the socket alone lets Node go on through all that it has read, which may be thousands of requests.
  if (socket.parser) socket.parser.onIncoming = () => nothingMore;
  socket.destroy();
}

async function settle(
  handle: () => Promise<void> | void,
  onFailure: (error: unknown) => void,
  end: () => void,
): Promise<void> {
  try {
    await handle();
  } catch (error) {
    end();
    onFailure(error);
  }
}
