import { once } from "node:events";
import {
  Agent,
  createServer,
  request as sendRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream/promises";
import { messageOf } from "@dorian/base/app-error";
import { signedPaths } from "@dorian/protocol/task-http";

export interface HttpAddress {
  host: string;
  port: number;
}

export interface HttpForwarderOptions {
  /** Where to listen. */
  address: string;
  /** The server's HTTP; undefined until it is known. */
  upstream: () => HttpAddress | undefined;
}

/** Passes containers' requests for signed addresses on to the server, and nothing else. */
export class HttpForwarder implements AsyncDisposable {
  readonly port: number;
  #server: Server;
  #agent = new Agent({ keepAlive: true });
  #upstream: HttpForwarderOptions["upstream"];

  private constructor(server: Server, upstream: HttpForwarderOptions["upstream"]) {
    this.#server = server;
    this.#upstream = upstream;
    this.port = (server.address() as AddressInfo).port;
    // Large files over slow links take longer than any default.
    server.requestTimeout = 0;
    server.on("request", (incoming, response) => void this.#pass(incoming, response));
  }

  static async open(options: HttpForwarderOptions): Promise<HttpForwarder> {
    const server = createServer().listen(0, options.address);
    await once(server, "listening");
    return new HttpForwarder(server, options.upstream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  async #pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = "", headers } = incoming;
    const upstream = this.#upstream();
    if (!isSigned(url)) return answer(response, 404, "There is nothing at this address.");
    if (!upstream) return answer(response, 503, "The server cannot be reached at this moment.");
    const outgoing = sendRequest({ ...upstream, method, path: url, headers, agent: this.#agent });
    response.once("close", () => outgoing.destroy());
    try {
      const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
      // A refusal comes before the body has been read, and then it is what counts.
      const sent = pipeline(incoming, outgoing, { end: true });
      sent.catch(() => undefined);
      const [reply] = await answered;
      response.writeHead(reply.statusCode ?? 502, reply.rawHeaders);
      await pipeline(reply, response);
    } catch (error) {
      answer(response, 502, `The server did not answer: ${messageOf(error)}.`);
    }
  }
}

function isSigned(url: string): boolean {
  return Object.values(signedPaths).some((prefix) => url.startsWith(prefix));
}

function answer(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
  response.end(`${text}\n`);
}
