import type { WebClient } from "./web-client.ts";
import type { WebInput } from "./web-input.ts";

/** Methods that the standard's requests cannot have. */
const impossible = new Set(["CONNECT", "TRACE", "TRACK"]);

/** The request as a standard `Request`, or the answer to one that none can be made of. */
export function webRequest(input: WebInput, client: WebClient): Request | Response {
  const { scope, isWebSocket } = input;
  const method = "method" in scope ? scope.method : "GET";
  if (impossible.has(method)) return new Response(`${method} is not served.\n`, { status: 501 });
  const headers = new Headers();
  for (let index = 0; index + 1 < scope.headers.length; index += 2)
    headers.append(latin1(scope.headers[index]), latin1(scope.headers[index + 1]));
  // What a client said on the connection to the server stands for what it wants of the app.
  if (isWebSocket) headers.set("upgrade", "websocket");
  const url = addressOf(input, headers.get("host"));
  if (!url) return new Response("The Host header is no name of a host.\n", { status: 400 });
  const body = method === "GET" || method === "HEAD" ? null : client.body();
  return new Request(url, {
    method,
    headers,
    signal: client.signal,
    ...(body === null ? {} : { body, duplex: "half" }),
  });
}

/** Undefined for a host that would make another address of it. */
function addressOf({ scope }: WebInput, host: string | null): string | undefined {
  // Of an empty one, the path would become the host.
  if (host !== null && (host === "" || /[/?#@\\\s]/.test(host))) return undefined;
  const query = latin1(scope.queryString);
  const target = `${scope.path}${query === "" ? "" : `?${query}`}`;
  const address = `${scope.scheme}://${host ?? "localhost"}${escaped(target)}`;
  return URL.canParse(address) ? address : undefined;
}

/** Bytes of a target that are no ASCII, each of which came as one character: what they stand for is the app's to say. */
function escaped(target: string): string {
  return target.replaceAll(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);
}

function latin1(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
