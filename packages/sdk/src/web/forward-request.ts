import { AppError } from "@dorian/base/app-error";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { maxHeaderBytes, type LocalServer } from "./local-server.ts";
import { patientSocket } from "./patient-socket.ts";
import { asksForWebSocket } from "./upgrade-websocket.ts";
import { forwardWebSocket } from "./forward-websocket.ts";

/** Said anew on the way to the server, or between the two ends of a connection alone. */
const ofConnection = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "expect",
  "te",
  "trailer",
]);
const withoutBody = new Set([204, 205, 304]);

/** Has a server in this container answer a request. @throws AppError WEB_SERVER_UNREACHABLE, WEB_SERVER_STATUS_INVALID */
export async function forwardRequest(server: LocalServer, request: Request): Promise<Response> {
  if (asksForWebSocket(request)) return await forwardWebSocket(server, request);
  const { pathname, search, host } = new URL(request.url);
  const named = request.headers.has("host") ? [] : ["host", host];
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = httpRequest({
    ...server,
    method: request.method,
    path: `${pathname}${search}`,
    headers: [
      ...named,
      ...[...request.headers].filter(([name]) => !ofConnection.has(name) && name !== "content-length").flat(),
      ...framing(request),
    ],
    maxHeaderSize: maxHeaderBytes,
    signal: request.signal,
    createConnection: () => patientSocket(server),
  });
  outgoing.once("response", resolve).on("error", reject);
  if (request.body) {
    // Who answers before the end of a body may have no use for the rest.
    pipeline(Readable.fromWeb(request.body), outgoing).catch(reject);
  } else outgoing.end();
  const incoming = await promise.catch((error: unknown) => {
    throw request.signal.aborted ? error : unreachable(server, error);
  });
  const status = incoming.statusCode ?? 502;
  if (status > 599) {
    incoming.destroy();
    throw statusInvalid(server, status);
  }
  const headers = new Headers();
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index] ?? "";
    if (!ofConnection.has(name.toLowerCase())) headers.append(name, incoming.rawHeaders[index + 1] ?? "");
  }
  if (withoutBody.has(status)) incoming.resume();
  const body = withoutBody.has(status) ? null : (Readable.toWeb(incoming) as ReadableStream<Uint8Array>);
  return new Response(body, { status, headers });
}

/** How the server finds the end of a request's body. Node knows for some methods alone that there may be one. */
function framing({ method, headers, body }: Request): string[] {
  const length = headers.get("content-length");
  if (body) return length === null ? ["transfer-encoding", "chunked"] : ["content-length", length];
  // The body of a GET is not seen, and so its length must not be.
  return method === "GET" || method === "HEAD" ? [] : ["content-length", "0"];
}

function statusInvalid({ host, port }: LocalServer, status: number): AppError {
  return new AppError(
    "WEB_SERVER_STATUS_INVALID",
    `The server on ${host}:${port} in the container answered with status ${status}.`,
    { status: "INTERNAL", remedy: "Have it answer with a status from 200 to 599." },
  );
}

export function unreachable({ host, port }: LocalServer, cause: unknown): AppError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new AppError(
    "WEB_SERVER_UNREACHABLE",
    `The server on ${host}:${port} in the container did not answer: ${why}`,
    {
      status: "UNAVAILABLE",
      remedy: "Look into the function's log for why it ended or closed the connection.",
      cause,
    },
  );
}
