import { constants } from "node:crypto";
import type { Socket } from "node:net";
import { createServer, type Server } from "node:tls";
import type { TlsTerms } from "./tls-terms.ts";

export interface TlsAcceptorOptions {
  tls: TlsTerms;
  protocol: "h2" | "http/1.1";
  onConnection: (socket: Socket) => void;
}

/** A peer that takes longer than this is not on any network that calls could be made over. */
const handshakeMs = 10_000;

/** Makes TLS connections of plain ones. */
export class TlsAcceptor implements Disposable {
  #server: Server;
  #watch: Disposable;
  /** Who waits for the end of a handshake, by the address of the peer. */
  #onSecure = new Map<string, () => void>();

  constructor({ tls, protocol, onConnection }: TlsAcceptorOptions) {
    this.#server = createServer({
      ...tls.current(),
      ...protocolTerms,
      ALPNProtocols: [protocol],
      handshakeTimeout: handshakeMs,
    });
    this.#server.on("secureConnection", (socket) => {
      socket.on("error", () => undefined);
      this.#onSecure.get(peerOf(socket))?.();
      onConnection(socket);
    });
    // Who fails the handshake has gone already.
    this.#server.on("tlsClientError", (_error, socket) => socket.destroy());
    this.#watch = tls.onChange(() => this.#server.setSecureContext({ ...tls.current(), ...protocolTerms }));
  }

  /** `onSecure` is told when the handshake is done. */
  accept(socket: Socket, onSecure: () => void): void {
    const peer = peerOf(socket);
    this.#onSecure.set(peer, onSecure);
    socket.once("close", () => this.#onSecure.delete(peer));
    this.#server.emit("connection", socket);
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}

/** Renegotiation would let a peer have a connection's costliest step again and again. */
const protocolTerms = {
  minVersion: "TLSv1.2",
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
} as const;

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
