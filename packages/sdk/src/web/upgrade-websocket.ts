import { AppError } from "@dorian/base/app-error";
import { ServerWebSocket, type WebSocketPeer } from "./server-websocket.ts";

/** What a server says when it accepts a websocket. */
export interface UpgradeWebSocketOptions {
  /** One of the protocols that the client offers in `Sec-WebSocket-Protocol`; default: none. */
  protocol?: string;
  /** Further headers of the answer; default: none. */
  headers?: ConstructorParameters<typeof Headers>[0];
}

/** A websocket that becomes open when `response` is returned. */
export interface UpgradedWebSocket {
  /** To be returned by the handler. */
  response: Response;
  /** The server's side of the connection. */
  socket: WebSocket;
}

/** What the platform needs of a handler's answer to open a websocket. */
export interface WebSocketAcceptance extends Required<Pick<UpgradeWebSocketOptions, "protocol">> {
  headers: Headers;
  open(peer: WebSocketPeer): WebSocketPeer;
}

const acceptances = new WeakMap<Response, WebSocketAcceptance>();

/** True for a request that asks for a websocket. */
export function asksForWebSocket(request: Request): boolean {
  return request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/**
 * Turns a request into a websocket, as `Deno.upgradeWebSocket` does: a standard `WebSocket`, which is open once the response
 * has been returned. A message may have 16 MiB. The call goes on until the socket is closed, or for the function's `timeout`.
 * The `close` event has the client's code, never its reason.
 *
 * @throws AppError WEBSOCKET_NOT_ASKED_FOR for a request that is none for a websocket
 *
 * @example
 * const echo: WebHandler = (request) => {
 *   const { socket, response } = upgradeWebSocket(request);
 *   socket.addEventListener("message", ({ data }) => socket.send(data));
 *   return response;
 * };
 */
export function upgradeWebSocket(request: Request, options: UpgradeWebSocketOptions = {}): UpgradedWebSocket {
  const { response, socket } = acceptWebSocket(request, options);
  return { response, socket };
}

/** As {@link upgradeWebSocket}; `end` closes with codes too that a program may not choose. */
export function acceptWebSocket(
  request: Request,
  options: UpgradeWebSocketOptions = {},
): UpgradedWebSocket & Pick<ServerWebSocket, "end"> {
  if (!asksForWebSocket(request)) {
    throw new AppError(
      "WEBSOCKET_NOT_ASKED_FOR",
      `${request.method} ${request.url} does not ask for a websocket.`,
      {
        status: "INVALID_ARGUMENT",
        remedy: 'Call upgradeWebSocket() only where request.headers.get("upgrade") is "websocket".',
      },
    );
  }
  const { protocol = "" } = options;
  const socket = new ServerWebSocket(request.url, protocol);
  // 101 is no status that the constructor takes.
  const response = Object.defineProperty(new Response(null), "status", { value: 101 });
  acceptances.set(response, {
    protocol,
    headers: new Headers(options.headers),
    open: (peer) => socket.connect(peer),
  });
  return {
    response,
    socket: socket as unknown as WebSocket,
    end: (code, reason) => socket.end(code, reason),
  };
}

/** How a response is to become a websocket; undefined for any other response. */
export function acceptanceOf(response: Response): WebSocketAcceptance | undefined {
  return acceptances.get(response);
}
