import type { Server } from "node:net";

/**
 * Keeps listening sockets open while the process that serves them gives way to another one: who connects meanwhile waits for
 * that one, instead of being refused.
 */
export interface KeptSockets {
  /** Descriptor of the socket of this name that the process before had, which is the caller's from now on; undefined when there is none. */
  take(name: string): number | undefined;
  /** Keeps the socket on which this server listens. */
  keep(name: string, server: Server): void;
  /** Nobody is to wait at this socket any more. */
  letGo(name: string): void;
}

/** How a listener's socket is kept. */
export interface KeptSocket {
  sockets: KeptSockets;
  /** What it is called, by the port. */
  name: (port: number) => string;
}
