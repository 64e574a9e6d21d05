import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";

/**
 * `direct`: clients connect to this server. `proxied`: the operator's own proxy does and says in `X-Forwarded-For`
 * who its client is; it adds to the end of what that client claims.
 */
export type ForwardedTrust = { kind: "direct" } | { kind: "proxied"; scheme: "http" | "https" };

/** Where a request comes from. */
export interface RequestOrigin {
  scheme: "http" | "https";
  /** The address that was asked. */
  host: string;
  clientHost: string;
  /** 0 when only a proxy knows. */
  clientPort: number;
  /** Everyone that the request is known to have come through, the client first. */
  forwardedFor: string;
}

export function requestOrigin(incoming: IncomingMessage, trust: ForwardedTrust): RequestOrigin {
  const { headers, socket } = incoming;
  const peer = (socket.remoteAddress ?? "").replace(/^::ffff:/, "");
  const direct: RequestOrigin = {
    scheme: socket instanceof TLSSocket ? "https" : "http",
    host: headers.host ?? "",
    clientHost: peer,
    clientPort: socket.remotePort ?? 0,
    forwardedFor: peer,
  };
  if (trust.kind === "direct") return direct;
  const told = String(headers["x-forwarded-for"] ?? "");
  const client = told.split(",").at(-1)?.trim() ?? "";
  const fromProxy = {
    ...direct,
    scheme: trust.scheme,
    host: String(headers["x-forwarded-host"] ?? direct.host),
  };
  return client === "" ? fromProxy : { ...fromProxy, clientHost: client, clientPort: 0, forwardedFor: told };
}
