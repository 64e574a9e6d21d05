import { AppError, type StatusName } from "@dorian/base/app-error";
import { HttpListener } from "@dorian/protocol/http/http-listener";
import { parseRequestTarget } from "@dorian/protocol/http/request-target";
import type { TlsTerms } from "@dorian/protocol/listener/tls-terms";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { HttpRoute } from "./http-route.ts";

export interface HttpServerOptions {
  host: string;
  port: number;
  tls?: TlsTerms | undefined;
  logger: Logger;
}

/** Our clients send few headers; the longest part is the address of a file with a long path. */
const maxHeaderBytes = 32 * 1024;

/** Plain HTTP for bytes: blobs, blocks of volume files, volume files. */
export class HttpServer implements AsyncDisposable {
  #listener: HttpListener | undefined;
  #logger: Logger;
  #routes: HttpRoute[] = [];

  private constructor(logger: Logger) {
    this.#logger = logger;
  }

  static async listen({ host, port, tls, logger }: HttpServerOptions): Promise<HttpServer> {
    const http = new HttpServer(logger);
    http.#listener = await HttpListener.open({
      address: { host, port },
      tls,
      maxHeaderBytes,
      onRequest: (incoming, response) => http.#serve(incoming, response),
      onFailure: (error) => logger.error({ err: error }, "an HTTP request failed"),
    });
    return http;
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  use(routes: HttpRoute[]): void {
    this.#routes.push(...routes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const target = parseRequestTarget(incoming.url);
      const route = this.#routes.find(
        (each) => each.method === incoming.method && target.path.startsWith(each.prefix),
      );
      if (!route) {
        answer(response, 404, "There is nothing at this address.");
        return;
      }
      const rest = target.path.slice(route.prefix.length);
      await route.handle({ incoming, response, target, rest, signal: gone.signal });
    } catch (error) {
      if (gone.signal.aborted) return;
      if (AppError.is(error)) {
        answer(response, httpStatus[error.status] ?? 500, `${error.message} ${error.remedy}`);
        return;
      }
      this.#logger.error({ err: error, path: incoming.url }, "an HTTP request failed");
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
