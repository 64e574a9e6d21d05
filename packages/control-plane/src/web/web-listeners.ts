import { AppError } from "@dorian/base/app-error";
import { untilAborted } from "@dorian/base/or-aborted";
import { HttpListener, type HttpLimits } from "@dorian/protocol/http/http-listener";
import { ConnectionBudget } from "@dorian/protocol/listener/connection-budget";
import type { KeptSocket, KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import { systemErrorOf } from "@dorian/protocol/listener/listener";
import type { TlsTerms } from "@dorian/protocol/listener/tls-terms";
import type { IncomingMessage, ServerResponse } from "node:http";
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
  tls?: TlsTerms | undefined;
  sockets?: KeptSockets | undefined;
  limits?: Partial<HttpLimits>;
  logger: Logger;
}

/** Serves what arrives at a port. */
export interface WebRequestHandler {
  request(incoming: IncomingMessage, response: ServerResponse, port: number): Promise<void>;
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, port: number): Promise<void>;
}

/** Bytes of a request's head: as much as containers send on to servers of their own. */
const maxHeaderBytes = 64 * 1024;
/** Bytes of a connection that wait in memory: few wake-ups for large bodies. */
const bufferBytes = 256 * 1024;

/** The ports on which web functions are reached. */
export class WebListeners implements AsyncDisposable {
  #options: WebListenersOptions;
  #listeners = new Map<number, HttpListener>();
  /** All ports lead to one process. */
  #budget = new ConnectionBudget();
  #handler = Promise.withResolvers<WebRequestHandler>();
  #draining = false;
  #watcher: ((ports: number[]) => void) | undefined;

  constructor(options: WebListenersOptions) {
    this.#options = options;
  }

  /** The ports on which it listens. */
  get ports(): number[] {
    return [...this.#listeners.keys()];
  }

  /** Tells of the ports whenever they have changed. */
  watch(watcher: (ports: number[]) => void): void {
    this.#watcher = watcher;
  }

  /** Requests that arrive before wait. */
  serve(handler: WebRequestHandler): void {
    this.#handler.resolve(handler);
  }

  has(port: number): boolean {
    return this.#listeners.has(port);
  }

  /** Listens on a port, 0 for any. False when something else has it. @throws AppError SERVER_ADDRESS_UNUSABLE */
  async listen(port: number): Promise<number | undefined> {
    if (port !== 0 && this.#listeners.has(port)) return port;
    const { host, tls, limits, logger } = this.#options;
    try {
      const listener = await HttpListener.open({
        address: { host, port },
        tls,
        budget: this.#budget,
        kept: this.#kept,
        maxHeaderBytes,
        highWaterMark: bufferBytes,
        ...(limits === undefined ? {} : { limits }),
        // The app decides first whether it wants the body.
        continuesItself: true,
        onRequest: (incoming, response) => this.#serve(incoming, response, listener),
        onUpgrade: async (incoming, socket, head) =>
          (await this.#handler.promise).upgrade(incoming, socket, head, listener.port),
        onFailure: (error) => logger.error({ err: error, port }, "a web request failed"),
      });
      this.#listeners.set(listener.port, listener);
      this.#watcher?.(this.ports);
      return listener.port;
    } catch (error) {
      const code = systemErrorOf(error);
      if (code === "EADDRINUSE" || code === "EACCES") return undefined;
      throw error;
    }
  }

  /**
   * Listens on the next free port of the range, of those that `isFree` allows.
   *
   * @throws AppError WEB_PORTS_EXHAUSTED
   */
  async listenOnNext(isFree: (port: number) => boolean): Promise<number> {
    for (const port of this.#listeners.keys()) if (isFree(port)) return port;
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
    const listener = this.#listeners.get(port);
    if (this.#listeners.delete(port)) this.#watcher?.(this.ports);
    this.#kept?.sockets.letGo(this.#kept.name(port));
    await listener?.[Symbol.asyncDispose]();
  }

  /** Takes no new connections; resolves when nobody is connected any more, or `signal` aborts. */
  async drain({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#draining = true;
    const all = Promise.all([...this.#listeners.values()].map((listener) => listener.drain()));
    await untilAborted(all, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    await Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, listener: HttpListener): Promise<void> {
    if (this.#draining) response.setHeader("Connection", "close");
    response.once("close", () => {
      if (this.#draining) setImmediate(() => listener.closeIdle());
    });
    await (await this.#handler.promise).request(incoming, response, listener.port);
  }

  get #kept(): KeptSocket | undefined {
    const { sockets } = this.#options;
    return sockets && { sockets, name: (port) => `web ${port}` };
  }
}
