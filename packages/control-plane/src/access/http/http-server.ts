import { AppError, type StatusName } from "@dorian/base/app-error";
import { HttpListener } from "@dorian/protocol/http/http-listener";
import { parseRequestTarget } from "@dorian/protocol/http/request-target";
import type { KeptSockets } from "@dorian/protocol/listener/kept-sockets";
import type { TlsTerms } from "@dorian/protocol/listener/tls-terms";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { HttpRoute } from "./http-route.ts";

export interface HttpServerOptions {
  host: string;
  port: number;
  tls?: TlsTerms | undefined;
  sockets?: KeptSockets | undefined;
  logger: Logger;
}

/** Our clients send few headers; the longest part is the address of a file with a long path. */
const maxHeaderBytes = 32 * 1024;

/** Plain HTTP for bytes: blobs, blocks of volume files, volume files. */
export class HttpServer implements AsyncDisposable {
  #listener: HttpListener | undefined;
  #logger: Logger;
  #routes = Promise.withResolvers<HttpRoute[]>();

  private constructor(logger: Logger) {
    this.#logger = logger;
  }

  static async listen({ host, port, tls, sockets, logger }: HttpServerOptions): Promise<HttpServer> {
    const http = new HttpServer(logger);
    http.#listener = await HttpListener.open({
      address: { host, port },
      tls,
      kept: sockets && { sockets, name: () => "files" },
      maxHeaderBytes,
      onRequest: (incoming, response) => http.#serve(incoming, response),
      onFailure: (error) => logger.error({ err: error }, "an HTTP request failed"),
    });
    return http;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  /** Serves these from now on; requests that arrive before wait. */
  use(routes: HttpRoute[]): void {
    this.#routes.resolve(routes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const target = parseRequestTarget(incoming.url);
      const routes = await this.#routes.promise;
      const route = routes.find(
        (each) => each.method === incoming.method && target.path.startsWith(each.prefix),
      );
      if (!route) {
        await answer(incoming, response, 404, "There is nothing at this address.");
        return;
      }
      const rest = target.path.slice(route.prefix.length);
      await route.handle({ incoming, response, target, rest, signal: gone.signal });
    } catch (error) {
      if (gone.signal.aborted) return;
      if (AppError.is(error)) {
        await answer(incoming, response, httpStatus[error.status] ?? 500, `${error.message} ${error.remedy}`);
        return;
      }
      this.#logger.error({ err: error, path: incoming.url }, "an HTTP request failed");
      await answer(
        incoming,
        response,
        500,
        "The server failed in a way it did not foresee. Its log has the cause.",
      );
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

/** So much of a refused upload is read and dropped, for so long in milliseconds, before its connection is closed. */
const droppedBytes = 64 * 1024 * 1024;
const droppedMs = 5_000;

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): Promise<void> {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(`${text}\n`);
  const headers = { "Content-Type": "text/plain; charset=utf-8", "Content-Length": body.byteLength };
  response.writeHead(status, { ...headers, Connection: "close" });
  response.write(body);
  // A connection that is closed on unread bytes is reset, and its client would never see why it was refused.
  await dropRest(incoming);
  response.end();
}

async function dropRest(incoming: IncomingMessage): Promise<void> {
  if (incoming.readableEnded || incoming.destroyed) return;
  const over = Promise.withResolvers<void>();
  let bytes = 0;
  incoming.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > droppedBytes) over.resolve();
  });
  for (const event of ["end", "close", "error"]) incoming.once(event, () => over.resolve());
  incoming.resume();
  const timer = setTimeout(() => over.resolve(), droppedMs);
  await over.promise;
  clearTimeout(timer);
}
