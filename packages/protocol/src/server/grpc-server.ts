import type { DescService } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionBudget } from "../listener/connection-budget.ts";
import type { KeptSocket } from "../listener/kept-sockets.ts";
import { Listener, type ListenAddress } from "../listener/listener.ts";
import type { TlsTerms } from "../listener/tls-terms.ts";
import { endOf, trailersOf } from "./call-status.ts";
import type { Http2Connection } from "../http2/connection.ts";
import type { Headers } from "../http2/header-list.ts";
import { nobody, serveConnection } from "../http2/server-connection.ts";
import type { Http2Stream, StreamEvents } from "../http2/stream.ts";
import { RequestMemory } from "../memory/request-memory.ts";
import { ServedCall, type CallSource, type Route, type ServedCallOptions } from "./served-call.ts";
import { methodEntries, type ServiceHandlers } from "../service.ts";
import { clientTypeHeader, languageOf } from "../error/words.ts";

export interface MountedService {
  service: DescService;
  handlers: Record<string, unknown>;
}

/** Pairs a service with its implementation, checking one against the other. */
export function mountService<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
): MountedService {
  return { service, handlers: handlers as Record<string, unknown> };
}

export interface GrpcServerOptions extends ServedCallOptions {
  services: MountedService[];
  /** Shared by the servers of a process. Default: memory of its own. */
  memory?: RequestMemory;
}

export interface GrpcListenOptions extends GrpcServerOptions {
  address: string;
  /** Default: plain text alone. */
  tls?: TlsTerms | undefined;
  /** How many may be connected. Default: as many as a port takes. */
  budget?: ConnectionBudget | undefined;
  kept?: KeptSocket | undefined;
}

/** Milliseconds for calls that do something, when the server stops: a large commit takes one or two seconds. */
const workMs = 5_000;

/** Milliseconds for peers to take their last answers and hang up. */
const partingMs = 2_000;

const lookEveryMs = 50;

/** A gRPC server over HTTP/2, on sockets that it is handed or that it listens for. Disposing it ends open calls. */
export class GrpcServer implements AsyncDisposable {
  #options: GrpcServerOptions;
  #memory: RequestMemory;
  #routes: Map<string, Route>;
  #connections = new Set<Http2Connection>();
  #listener: Listener | undefined;
  #draining = false;
  #whenEmpty: (() => void)[] = [];
  #accepted = 0;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#memory = options.memory ?? new RequestMemory();
    this.#routes = routesOf(options.services);
  }

  /** A server on a port or socket of its own. `address`: `127.0.0.1:0`, or `unix:/path/to/socket`. */
  static async listen({ address, tls, budget, kept, ...options }: GrpcListenOptions): Promise<GrpcServer> {
    const server = new GrpcServer(options);
    const overNetwork = !address.startsWith("unix:");
    server.#listener = await Listener.open({
      address: listenAddress(address),
      protocol: "h2",
      tls,
      budget,
      kept,
      onConnection: (socket) => server.accept(socket, { overNetwork }),
    });
    return server;
  }

  /** Where it listens; 0 when that is no port. */
  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Serves a peer that has connected. `overNetwork`: the peer may vanish without a word, and says where it found the server. */
  accept(socket: Duplex, source: Pick<CallSource, "overNetwork">): void {
    const peer = socket instanceof Socket ? socket.remoteAddress : undefined;
    const connection = serveConnection(socket, {
      asks: source.overNetwork,
      onRequest: (stream, headers) =>
        this.#answer(stream, headers, { connection, memory: this.#memory, peer, ...source }),
    });
    this.#connections.add(connection);
    this.#accepted += 1;
    socket.once("close", () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) for (const tell of this.#whenEmpty.splice(0)) tell();
    });
    if (this.#draining) connection.drain();
  }

  /** How many peers have come so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Resolves when no peer is connected: those that are after so many milliseconds are cut off. They may come back. */
  async hangUp({ patienceMs }: { patienceMs: number }): Promise<void> {
    const impatience = setTimeout(() => this.#dropAll(), patienceMs);
    await this.#everybodyLeft();
    clearTimeout(impatience);
  }

  async #everybodyLeft(): Promise<void> {
    if (this.#connections.size > 0) await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  /**
   * Takes no new calls and answers the running ones; those that wait are told to come back. Resolves when everybody has left, at the
   * latest after some seconds, and drops them when `signal` aborts.
   */
  async drain(options: { signal: AbortSignal }): Promise<void> {
    const allLeft = new AbortController();
    const closed = this.#close();
    const ending = this.#endCalls(AbortSignal.any([options.signal, allLeft.signal]));
    await closed;
    allLeft.abort();
    await ending;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.#close();
    this.#dropAll();
    await this.#listener?.[Symbol.asyncDispose]();
    await closed;
  }

  // Resolves when nobody can come any more and everybody has left.
  async #close(): Promise<void> {
    this.#draining = true;
    await this.#listener?.close();
    await this.#everybodyLeft();
  }

  async #endCalls(signal: AbortSignal): Promise<void> {
    for (const connection of this.#connections) connection.drain();
    for (const call of this.#calls()) call.stop();
    try {
      for (let waitedMs = 0; this.#isBusy && waitedMs < workMs; waitedMs += lookEveryMs)
        await sleep(lookEveryMs, { signal });
      for (const call of this.#calls()) call.giveUp();
      await sleep(partingMs, { signal });
    } catch {
      // Nobody is left, or nobody is waited for any longer.
    }
    this.#dropAll();
    // Whoever is not served yet is dropped as well.
    await this.#listener?.[Symbol.asyncDispose]();
  }

  get #isBusy(): boolean {
    return [...this.#connections].some(({ streams }) => streams.size > 0);
  }

  #calls(): ServedCall[] {
    const streams = [...this.#connections].flatMap((connection) => [...connection.streams.values()]);
    return streams.map(({ events }) => events).filter((events) => events instanceof ServedCall);
  }

  #dropAll(): void {
    for (const connection of this.#connections) connection[Symbol.dispose]();
  }

  #answer(stream: Http2Stream, headers: Headers, source: CallSource): StreamEvents {
    const path = headers.get(":path") ?? "";
    const route = this.#routes.get(path);
    if (route) return new ServedCall(route, stream, headers, source, this.#options);
    const call = path.slice(path.lastIndexOf("/") + 1);
    const error =
      this.#options.refusalOf?.(call) ??
      new AppError("CALL_UNKNOWN", `Dorian has no call ${path.slice(0, longestShownPath)}.`, {
        status: "UNIMPLEMENTED",
        remedy: "Check the versions of the client and the server.",
      });
    const end = endOf(error, languageOf(headers.get(clientTypeHeader)), () => undefined);
    stream.sendHeaders(trailersOf(end, { alone: true }), { end: true });
    stream.spend("refusedCall");
    return nobody;
  }
}

/** An unknown path is told to its caller, who may have sent any length. */
const longestShownPath = 200;

function routesOf(services: readonly MountedService[]): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const { service, handlers } of services) {
    for (const [name, method] of methodEntries(service)) {
      // By name at each call: handlers may be made as they are asked for.
      const handler = handlers[name] as Route["handler"];
      routes.set(`/${service.typeName}/${method.name}`, { method, handler });
    }
  }
  return routes;
}

function listenAddress(address: string): ListenAddress {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(address.slice(colon + 1)) };
}
