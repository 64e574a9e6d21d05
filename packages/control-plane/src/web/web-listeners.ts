import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";

/** Ports from `first` to `last`; 0 and 0 for any that are free. */
export interface PortRange {
  first: number;
  last: number;
}

export interface WebListenersOptions {
  host: string;
  range: PortRange;
  logger: Logger;
}

/** Serves what arrives at a port. */
export interface WebRequestHandler {
  request(incoming: IncomingMessage, response: ServerResponse, port: number): void;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, port: number): void;
}

/** As much as containers send on to servers of their own. */
const maxHeaderBytes = 64 * 1024;
/** Of a connection, in memory: few wake-ups for large bodies. */
const bufferBytes = 256 * 1024;
const keepAliveMs = 75_000;

/** The ports on which web functions are reached. */
export class WebListeners implements AsyncDisposable {
  #options: WebListenersOptions;
  #servers = new Map<number, Server>();
  #handler: WebRequestHandler | undefined;
  #draining = false;

  constructor(options: WebListenersOptions) {
    this.#options = options;
  }

  /** Requests that arrive before are refused. */
  serve(handler: WebRequestHandler): void {
    this.#handler = handler;
  }

  has(port: number): boolean {
    return this.#servers.has(port);
  }

  /** Listens on a port, 0 for any. False when something else has it. @throws AppError SERVER_ADDRESS_UNUSABLE */
  async listen(port: number): Promise<number | undefined> {
    if (port !== 0 && this.#servers.has(port)) return port;
    const server = createServer({
      maxHeaderSize: maxHeaderBytes,
      highWaterMark: bufferBytes,
      // Uploads over slow links take longer than any default.
      requestTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      // Whoever asks for another protocol, such as h2c, is answered with this one.
      shouldUpgradeCallback: (incoming) => incoming.headers.upgrade?.toLowerCase() === "websocket",
    });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, this.#options.host, resolve);
      });
    } catch (error) {
      if (errnoOf(error) === "EADDRINUSE" || errnoOf(error) === "EACCES") return undefined;
      throw unusable(this.#options.host, port, error);
    }
    const bound = (server.address() as AddressInfo).port;
    this.#accept(server, bound);
    return bound;
  }

  /**
   * Listens on the next free port of the range, of those that `isFree` allows.
   *
   * @throws AppError WEB_PORTS_EXHAUSTED
   */
  async listenOnNext(isFree: (port: number) => boolean): Promise<number> {
    for (const port of this.#servers.keys()) if (isFree(port)) return port;
    const { first, last } = this.#options.range;
    for (let port = first; port <= last; port++) {
      if (port !== 0 && !isFree(port)) continue;
      const bound = await this.listen(port);
      if (bound !== undefined) return bound;
    }
    throw new AppError("WEB_PORTS_EXHAUSTED", `All ports from ${first} to ${last} are in use.`, {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Start the server with more of them: `--web-ports 7100-8999`.",
    });
  }

  async close(port: number): Promise<void> {
    const server = this.#servers.get(port);
    this.#servers.delete(port);
    if (server) await closed(server);
  }

  /** Takes no new connections; resolves when nobody is connected any more, or `signal` aborts. */
  async drain({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#draining = true;
    const all = Promise.all([...this.#servers.values()].map((server) => closed(server, { keep: true })));
    const given = Promise.withResolvers<void>();
    const onAbort = () => given.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    await Promise.race([all, given.promise]);
    signal.removeEventListener("abort", onAbort);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map((server) => closed(server)));
  }

  #accept(server: Server, port: number): void {
    this.#servers.set(port, server);
    const onRequest = (incoming: IncomingMessage, response: ServerResponse) => {
      if (this.#draining) response.setHeader("Connection", "close");
      response.once("close", () => {
        if (this.#draining) setImmediate(() => server.closeIdleConnections());
      });
      if (this.#handler) this.#handler.request(incoming, response, port);
      else response.writeHead(503, { "Retry-After": "1" }).end("The server is starting.\n");
    };
    server.on("request", onRequest);
    // The app decides first whether it wants the body.
    server.on("checkContinue", onRequest);
    server.on("upgrade", (incoming, socket, head) => {
      if (this.#handler) this.#handler.upgrade(incoming, socket, head, port);
      else socket.destroy();
    });
    server.on("error", (error) => {
      this.#options.logger.error({ err: error, port }, "a port of web functions failed");
    });
  }
}

async function closed(server: Server, options: { keep?: boolean } = {}): Promise<void> {
  const done = new Promise<void>((resolve) => server.close(() => resolve()));
  if (options.keep) server.closeIdleConnections();
  else server.closeAllConnections();
  await done;
}

function unusable(host: string, port: number, cause: unknown): AppError {
  return new AppError("SERVER_ADDRESS_UNUSABLE", `Cannot listen on ${host}:${port}: ${messageOf(cause)}.`, {
    remedy: "Choose another address, or stop what is using this one.",
    cause,
  });
}
