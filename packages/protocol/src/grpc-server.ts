import type { DescService } from "@bufbuild/protobuf";
import { AppError, messageOf } from "@dorian/base/app-error";
import { createServer, type AddressInfo, type Server } from "node:net";
import { endOf, trailersOf } from "./call-status.ts";
import { Http2ServerSession, type Exchange, type ExchangeEvents } from "./http2/server-session.ts";
import { serveCall, type Route, type ServedCallOptions } from "./served-call.ts";
import { methodEntries, type ServiceHandlers } from "./service.ts";

/** Modal's clients allow 100 MiB messages. */
export const maxMessageBytes = 100 * 1024 * 1024;

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
  /** `127.0.0.1:0`, or `unix:/path/to/socket`. */
  address: string;
  services: MountedService[];
}

/** A gRPC server over HTTP/2 without TLS. Disposing it ends open calls. */
export class GrpcServer implements AsyncDisposable {
  readonly port: number;
  #server: Server;
  #sessions: Set<Http2ServerSession>;
  #closed: Promise<void>;

  private constructor(server: Server, sessions: Set<Http2ServerSession>) {
    const address = server.address() as AddressInfo | string | null;
    this.port = address !== null && typeof address === "object" ? address.port : 0;
    this.#server = server;
    this.#sessions = sessions;
    this.#closed = new Promise((resolve) => server.once("close", () => resolve()));
  }

  static async listen(options: GrpcServerOptions): Promise<GrpcServer> {
    const routes = routesOf(options.services);
    const sessions = new Set<Http2ServerSession>();
    const server = createServer((socket) => {
      const session = new Http2ServerSession(socket, {
        onExchange: (exchange) => answer(routes, exchange, options),
      });
      sessions.add(session);
      socket.once("close", () => sessions.delete(session));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(unusable(options.address, cause)));
      server.listen(listenOptions(options.address), resolve);
    });
    server.removeAllListeners("error");
    return new GrpcServer(server, sessions);
  }

  /** Takes no new calls; resolves when the running ones have ended, or drops them when `signal` aborts. */
  async drain(options: { signal: AbortSignal }): Promise<void> {
    const { signal } = options;
    const force = () => this.#dropAll();
    this.#server.close();
    for (const session of this.#sessions) session.drain();
    if (signal.aborted) force();
    signal.addEventListener("abort", force, { once: true });
    await this.#closed;
    signal.removeEventListener("abort", force);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#dropAll();
    await this.#closed;
  }

  #dropAll(): void {
    for (const session of this.#sessions) session.destroy();
  }
}

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

function answer(routes: Map<string, Route>, exchange: Exchange, options: GrpcServerOptions): ExchangeEvents {
  const path = exchange.headers.get(":path") ?? "";
  const route = routes.get(path);
  if (route) return serveCall(route, exchange, options);
  const call = path.slice(path.lastIndexOf("/") + 1);
  const error =
    options.refusalOf?.(call) ??
    new AppError("CALL_UNKNOWN", `Dorian has no call ${path}.`, {
      status: "UNIMPLEMENTED",
      remedy: "Check the versions of the client and the server.",
    });
  exchange.sendHeaders(
    trailersOf(
      endOf(error, () => undefined),
      { alone: true },
    ),
    { end: true },
  );
  return nobody;
}

const nobody: ExchangeEvents = {
  data: () => undefined,
  end: () => undefined,
  gone: () => undefined,
  drained: () => undefined,
};

function listenOptions(address: string): { path: string } | { host: string; port: number } {
  if (address.startsWith("unix:")) return { path: address.slice("unix:".length) };
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(address.slice(colon + 1)) };
}

function unusable(address: string, cause: Error): AppError {
  return new AppError("SERVER_ADDRESS_UNUSABLE", `Cannot listen on ${address}: ${messageOf(cause)}.`, {
    remedy: "Choose another address with --listen, or stop what is using this one.",
    cause,
  });
}
