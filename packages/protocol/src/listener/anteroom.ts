import type { Socket } from "node:net";

/** Clients speak as soon as they are connected; the slowest network delivers that within seconds. */
const waitMs = 10_000;
/** The oldest has had its chance by then: in a flood it is the new ones that may be somebody's. */
const mostWaiting = 512;

/** Holds connections whose peer has said nothing yet, or is not done with its TLS handshake: not long, and not many. */
export class Anteroom {
  #waiting = new Map<Socket, NodeJS.Timeout>();
  #waitMs: number;
  #most: number;

  constructor(options: { waitMs?: number; mostWaiting?: number } = {}) {
    this.#waitMs = options.waitMs ?? waitMs;
    this.#most = options.mostWaiting ?? mostWaiting;
  }

  get size(): number {
    return this.#waiting.size;
  }

  enter(socket: Socket): void {
    if (this.#waiting.size >= this.#most) this.#turnOut(this.#waiting.keys().next().value);
    const timer = setTimeout(() => this.#turnOut(socket), this.#waitMs);
    timer.unref();
    this.#waiting.set(socket, timer);
    socket.once("close", () => this.leave(socket));
  }

  leave(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
  }

  #turnOut(socket: Socket | undefined): void {
    if (!socket) return;
    this.leave(socket);
    socket.destroy();
  }
}
