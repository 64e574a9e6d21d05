import { AppError, messageOf, type StatusName } from "@dorian/base/app-error";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "pino";
import type { HttpRoute } from "./http-route.ts";

/** Plain HTTP for bytes: blobs, blocks of volume files, volume files. */
export class HttpServer implements AsyncDisposable {
  readonly port: number;
  #server: Server;
  #routes: HttpRoute[] = [];

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async listen(options: { host: string; port: number; logger: Logger }): Promise<HttpServer> {
    const server = createServer();
    // Large files over slow links take longer than any default.
    server.requestTimeout = 0;
    // Clients keep connections for 15 s: whoever closes them must not be the one who is asked next.
    server.keepAliveTimeout = 75_000;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(
          new AppError(
            "SERVER_ADDRESS_UNUSABLE",
            `Cannot listen on ${options.host}:${options.port}: ${messageOf(error)}.`,
            { remedy: "Choose another address, or stop what is using this one.", cause: error },
          ),
        ),
      );
      server.listen(options.port, options.host, resolve);
    });
    const http = new HttpServer(server, (server.address() as AddressInfo).port);
    server.on("request", (incoming, response) => void http.#serve(incoming, response, options.logger));
    return http;
  }

  use(routes: HttpRoute[]): void {
    this.#routes.push(...routes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, logger: Logger): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const url = new URL(incoming.url ?? "/", "http://server");
    try {
      const route = this.#routes.find(
        (each) => each.method === incoming.method && url.pathname.startsWith(each.prefix),
      );
      if (!route) {
        answer(response, 404, "There is nothing at this address.");
        return;
      }
      const rest = url.pathname.slice(route.prefix.length);
      await route.handle({ incoming, response, url, rest, signal: gone.signal });
    } catch (error) {
      if (gone.signal.aborted) return;
      if (AppError.is(error)) {
        answer(response, httpStatus[error.status] ?? 500, `${error.message} ${error.remedy}`);
        return;
      }
      logger.error({ err: error, path: url.pathname }, "an HTTP request failed");
      answer(response, 500, "The server failed in a way it did not foresee. Its log has the cause.");
    }
  }
}

const httpStatus: Partial<Record<StatusName, number>> = {
  INVALID_ARGUMENT: 400,
  OUT_OF_RANGE: 416,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  FAILED_PRECONDITION: 412,
  RESOURCE_EXHAUSTED: 507,
  UNAVAILABLE: 503,
};

function answer(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // The rest of a refused upload is not read: the connection cannot be used again.
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
  response.end(`${text}\n`);
}
