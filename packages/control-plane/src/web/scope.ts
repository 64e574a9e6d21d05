import type { IncomingMessage } from "node:http";
import { PickleTuple } from "@dorian/protocol/value/pickle/pickle-writer";
import { requestOrigin, type ForwardedTrust, type RequestOrigin } from "./request-origin.ts";

export interface ScopeOptions {
  incoming: IncomingMessage;
  kind: "http" | "websocket";
  /** Headers that were meant for this server alone. */
  ownHeaders: readonly string[];
  /** The app in the container sends the request on to a server of its own. */
  isForwarded: boolean;
  trust: ForwardedTrust;
}

/** Headers of the connection to the client, not of the message: they end here. */
const connectionHeaders = new Set([
  "connection",
  "expect",
  "http2-settings",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-version",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Said anew by this server. */
const forwardingHeaders = new Set(["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);

/** What ASGI calls the scope of a connection: everything known of a request before its body. */
export function scopeOf(options: ScopeOptions): Record<string, unknown> {
  const { incoming, kind } = options;
  const origin = requestOrigin(incoming, options.trust);
  const { path, query } = splitTarget(incoming.url ?? "/");
  const scope = {
    type: kind,
    asgi: { version: "3.0", spec_version: "2.3" },
    http_version: incoming.httpVersion,
    scheme: kind === "http" ? origin.scheme : origin.scheme === "https" ? "wss" : "ws",
    // What is sent on keeps escapes such as %2F.
    path: options.isForwarded ? path : percentDecoded(path),
    raw_path: latin1(path),
    query_string: latin1(query),
    root_path: "",
    headers: headersOf(options, origin).map(([name, value]) => new PickleTuple(latin1(name), latin1(value))),
    client: new PickleTuple(origin.clientHost, origin.clientPort),
    server: new PickleTuple(incoming.socket.localAddress ?? "", incoming.socket.localPort ?? 0),
  };
  if (kind === "websocket") {
    return { ...scope, subprotocols: listed(incoming.headers["sec-websocket-protocol"] ?? "") };
  }
  return { ...scope, method: incoming.method ?? "GET", extensions: { "http.response.trailers": {} } };
}

/** Path and query of a request's target. Proxies send whole addresses. */
export function splitTarget(target: string): { path: string; query: string } {
  const local = target.replace(/^[a-z]+:\/\/[^/?]*/i, "");
  const question = local.indexOf("?");
  const path = question < 0 ? local : local.slice(0, question);
  return {
    path: path.startsWith("/") ? path : `/${path}`,
    query: question < 0 ? "" : local.slice(question + 1),
  };
}

/** The headers that are for the app, and what this server says of where the request comes from. */
export function headersOf(
  { incoming, isForwarded, ownHeaders }: ScopeOptions,
  origin: RequestOrigin,
): [name: string, value: string][] {
  const named = new Set([
    ...listed(incoming.headers.connection ?? "").map((each) => each.toLowerCase()),
    ...ownHeaders,
  ]);
  const headers: [string, string][] = [];
  const { rawHeaders } = incoming;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? "").toLowerCase();
    if (connectionHeaders.has(name) || forwardingHeaders.has(name) || named.has(name)) continue;
    headers.push([name, rawHeaders[index + 1] ?? ""]);
  }
  // The client's own proxy in the container looks for it under this spelling, and else says it again.
  const forwardedFor = isForwarded ? "X-Forwarded-For" : "x-forwarded-for";
  headers.push([forwardedFor, origin.forwardedFor]);
  headers.push(["x-forwarded-proto", origin.scheme]);
  headers.push(["x-forwarded-host", origin.host]);
  return headers;
}

/** Decodes a path as web servers in Python do it: what is no valid escape stays. */
export function percentDecoded(path: string): string {
  if (!path.includes("%")) return Buffer.from(path, "latin1").toString("utf8");
  const source = Buffer.from(path, "latin1");
  const decoded = Buffer.allocUnsafe(source.length);
  let length = 0;
  for (let index = 0; index < source.length; index++) {
    const hex = source[index] === 0x25 ? source.toString("latin1", index + 1, index + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      decoded[length++] = Number.parseInt(hex, 16);
      index += 2;
    } else decoded[length++] = source[index] ?? 0;
  }
  return decoded.toString("utf8", 0, length);
}

/** The items of a header that is a list. */
export function listed(header: string): string[] {
  return header
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
