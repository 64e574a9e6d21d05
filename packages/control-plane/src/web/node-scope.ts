import { create, toBinary } from "@bufbuild/protobuf";
import { WebMessagesSchema } from "@dorian/protocol/guest";
import { requestOrigin } from "./request-origin.ts";
import { headersOf, listed, splitTarget, type ScopeOptions } from "./scope.ts";

/**
 * Everything known of a request for a TypeScript container: its scope, and with it the first part of its body, for which the
 * container need not ask then.
 */
export function nodeArguments(
  options: ScopeOptions,
  first: { bytes: Uint8Array; more: boolean } | undefined,
): Uint8Array {
  const { incoming, kind } = options;
  const origin = requestOrigin(incoming, options.trust);
  const { path, query } = splitTarget(incoming.url ?? "/");
  const scope = {
    httpVersion: incoming.httpVersion,
    // That of a websocket's handshake, too: the standard's requests have no other.
    scheme: origin.scheme,
    path,
    queryString: Buffer.from(query, "latin1"),
    headers: headersOf(options, origin).flatMap(([name, value]) => [
      Buffer.from(name, "latin1"),
      Buffer.from(value, "latin1"),
    ]),
    clientHost: origin.clientHost,
    clientPort: origin.clientPort,
  };
  const head =
    kind === "http"
      ? { case: "http" as const, value: { ...scope, method: incoming.method ?? "GET" } }
      : {
          case: "websocket" as const,
          value: { ...scope, subprotocols: listed(incoming.headers["sec-websocket-protocol"] ?? "") },
        };
  const body = first && {
    type: { case: "httpRequest" as const, value: { body: first.bytes, moreBody: first.more } },
  };
  const messages = [{ type: head }, ...(body ? [body] : [])];
  return toBinary(WebMessagesSchema, create(WebMessagesSchema, { messages }));
}
