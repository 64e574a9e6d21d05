import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests that wait behind others on one connection. No client sends many before the first is answered. */
const mostOfConnection = 16;

interface Exchange {
  incoming: IncomingMessage;
  response: ServerResponse;
}

/** The requests of each connection that are not answered yet. */
export class OutstandingRequests {
  #ofConnection = new WeakMap<Socket, Set<Exchange>>();

  /** False when the connection has too many already. */
  add(exchange: Exchange): boolean {
    const { socket } = exchange.incoming;
    const exchanges = this.#ofConnection.get(socket) ?? new Set();
    if (exchanges.size >= mostOfConnection) return false;
    exchanges.add(exchange);
    this.#ofConnection.set(socket, exchanges);
    exchange.response.once("close", () => exchanges.delete(exchange));
    return true;
  }

  /** True when a connection on which nothing moves waits for its peer, not for an answer of ours. */
  isStuck(socket: Socket): boolean {
    const exchanges = [...(this.#ofConnection.get(socket) ?? [])];
    if (exchanges.length === 0 || socket.writableLength > 0) return true;
    return exchanges.some(({ incoming }) => isAwaited(incoming));
  }
}

/** Somebody reads the body, and nothing comes. */
function isAwaited(incoming: IncomingMessage): boolean {
  if (incoming.complete || incoming.readableLength > 0) return false;
  return incoming.readableFlowing === true || incoming.listenerCount("readable") > 0;
}
