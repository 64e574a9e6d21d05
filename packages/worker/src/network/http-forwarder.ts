import { once } from "node:events";
import { Agent, request as sendRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { AppError, messageOf } from "@dorian/base/app-error";
import { HttpListener } from "@dorian/protocol/http/http-listener";
import { parseRequestTarget } from "@dorian/protocol/http/request-target";
import { signedPaths } from "@dorian/protocol/convention/task-http";

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

/** The server takes as much. */
const maxHeaderBytes = 32 * 1024;

/** Headers of the connection that a message came on. */
const connectionHeaders = [
  "connection",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
];

/** What signed addresses are for. */
const methods: readonly (string | undefined)[] = ["GET", "PUT", "POST"];

/** Passes containers' requests for signed addresses on to the server, and nothing else. */
export class HttpForwarder implements AsyncDisposable {
  readonly port: number;
  #listener: HttpListener;
  #agent: Agent;

  private constructor(listener: HttpListener, agent: Agent) {
    this.port = listener.port;
    this.#listener = listener;
    this.#agent = agent;
  }

  static async open({ address, upstream }: HttpForwarderOptions): Promise<HttpForwarder> {
    const agent = new Agent({ keepAlive: true });
    const listener = await HttpListener.open({
      address: { host: address, port: 0 },
      maxHeaderBytes,
      onRequest: (incoming, response) => pass(incoming, response, upstream(), agent),
      onFailure: () => undefined,
    });
    return new HttpForwarder(listener, agent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#listener[Symbol.asyncDispose]();
  }
}

async function pass(
  incoming: IncomingMessage,
  response: ServerResponse,
  upstream: HttpAddress | undefined,
  agent: Agent,
): Promise<void> {
  const path = methods.includes(incoming.method) ? signedTarget(incoming.url) : undefined;
  if (path === undefined) return answer(response, 404, "There is nothing at this address.");
  if (!upstream) return answer(response, 503, "The server cannot be reached at this moment.");
  const headers = { ...incoming.headers };
  for (const name of connectionHeaders) delete headers[name];
  const outgoing = sendRequest({ ...upstream, method: incoming.method, path, headers, agent });
  // Whoever waits for it is told; afterwards it concerns nobody.
  outgoing.on("error", () => undefined);
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

/** The path and query to ask for, as the server will read them; undefined for what is not to be passed on. */
function signedTarget(url: string | undefined): string | undefined {
  try {
    const { path, query } = parseRequestTarget(url);
    return Object.values(signedPaths).some((prefix) => path.startsWith(prefix))
      ? `${path}?${query}`
      : undefined;
  } catch (error) {
    if (AppError.is(error)) return undefined;
    throw error;
  }
}

function answer(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
  response.end(`${text}\n`);
}
