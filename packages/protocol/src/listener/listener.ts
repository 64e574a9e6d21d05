import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Anteroom } from "./anteroom.ts";
import { ConnectionBudget, isLoopback } from "./connection-budget.ts";
import type { KeptSocket } from "./kept-sockets.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";
import type { TlsTerms } from "./tls-terms.ts";

export type ListenAddress = { host: string; port: number } | { path: string };

export interface ListenerOptions {
  address: ListenAddress;
  /** Serves a connection whose peer has begun to speak, in plain text or in TLS. */
  onConnection: (socket: Socket) => void;
  /** What TLS is to carry, for peers to agree on. */
  protocol: "h2" | "http/1.1";
  tls?: TlsTerms | undefined;
  /** Said to a peer that speaks plain text where it must not. */
  plaintextRefusal?: string;
  /** Shared with other listeners, or its own. */
  budget?: ConnectionBudget | undefined;
  anteroom?: Anteroom;
  /** Default: its socket ends with this process. */
  kept?: KeptSocket | undefined;
  /** Bytes of a connection in memory. */
  highWaterMark?: number;
}

/** The first byte of a TLS handshake, which no HTTP begins with. */
const handshakeByte = 0x16;
/** Finds out that a peer has vanished without a word. */
const keepAliveMs = 60_000;

/**
 * One way in for all ports: counts connections, waits a few seconds for the first byte, which tells TLS from plain text,
 * and hands the connection on.
 */
export class Listener implements AsyncDisposable {
  readonly port: number;
  #server: Server;
  #sockets: Set<Socket>;
  #unserved: Set<Socket>;
  #tls: TlsAcceptor | undefined;

  private constructor(server: Server, { sockets, unserved, acceptor }: Reception) {
    const address = server.address() as AddressInfo | string | null;
    this.port = address !== null && typeof address === "object" ? address.port : 0;
    this.#server = server;
    this.#sockets = sockets;
    this.#unserved = unserved;
    this.#tls = acceptor;
  }

  /** @throws AppError SERVER_ADDRESS_UNUSABLE */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { address, kept, tls, protocol, onConnection } = options;
    const acceptor =
      tls && new (await import("./tls-acceptor.ts")).TlsAcceptor({ tls, protocol, onConnection });
    const reception: Reception = {
      ...options,
      acceptor,
      sockets: new Set(),
      unserved: new Set(),
      budget: options.budget ?? new ConnectionBudget(),
      anteroom: options.anteroom ?? new Anteroom(),
    };
    const server = createServer(
      {
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveMs,
        ...(options.highWaterMark === undefined ? {} : { highWaterMark: options.highWaterMark }),
      },
      (socket) => receive(socket, reception),
    );
    const descriptor = kept?.sockets.take(kept.name("port" in address ? address.port : 0));
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause) => reject(unusable(address, cause)));
      server.listen(descriptor === undefined ? address : { fd: descriptor }, resolve);
    });
    server.removeAllListeners("error");
    // A connection that could not be accepted, for want of descriptors for instance, is its peer's loss alone.
    server.on("error", () => undefined);
    const listener = new Listener(server, reception);
    if (descriptor === undefined) kept?.sockets.keep(kept.name(listener.port), server);
    return listener;
  }

  /** Takes no new connections, nor those that have not begun; resolves when the others have closed. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#unserved) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#tls?.[Symbol.dispose]();
  }
}

interface Reception extends ListenerOptions {
  acceptor: TlsAcceptor | undefined;
  sockets: Set<Socket>;
  /** Those whose peer has said nothing, or is not done with its handshake. */
  unserved: Set<Socket>;
  budget: ConnectionBudget;
  anteroom: Anteroom;
}

function receive(socket: Socket, reception: Reception): void {
  const { acceptor, anteroom, budget, sockets, unserved } = reception;
  // A peer that vanishes is no failure: "close" follows.
  socket.on("error", () => undefined);
  const place = budget.admit(isOfThisMachine(socket) ? "" : (socket.remoteAddress ?? ""));
  if (!place) {
    socket.destroy();
    return;
  }
  sockets.add(socket);
  unserved.add(socket);
  anteroom.enter(socket);
  const serve = () => {
    unserved.delete(socket);
    anteroom.leave(socket);
  };
  socket.once("close", () => {
    serve();
    sockets.delete(socket);
    place[Symbol.dispose]();
  });
  const onSilentEnd = () => socket.destroy();
  socket.once("end", onSilentEnd);
  socket.once("data", (first: Buffer) => {
    socket.off("end", onSilentEnd);
    socket.pause();
    socket.unshift(first);
    if (acceptor && first[0] === handshakeByte) {
      acceptor.accept(socket, serve);
      return;
    }
    serve();
    if (isPlaintextTaken(socket, reception)) reception.onConnection(socket);
    else refuse(socket, reception);
    socket.resume();
  });
}

function refuse(socket: Socket, { plaintextRefusal }: Reception): void {
  if (plaintextRefusal !== undefined) socket.write(plaintextRefusal);
  socket.destroySoon();
}

/** What stays on this machine needs no encryption: its own workers and proxies speak plainly. */
function isPlaintextTaken(socket: Socket, { tls }: Reception): boolean {
  return !tls || tls.plaintextFromElsewhere || isOfThisMachine(socket);
}

/** Tells whether a peer is of this machine: by the loopback interface, or by an address of its own on another one. */
function isOfThisMachine({ remoteAddress = "", localAddress }: Socket): boolean {
  return isLoopback(remoteAddress) || remoteAddress === localAddress;
}

/** Why a listener could not be opened, as the system names it. */
export function systemErrorOf(error: unknown): string | undefined {
  return AppError.is(error) ? errnoOf(error.cause) : undefined;
}

function unusable(address: ListenAddress, cause: Error): AppError {
  const named = "path" in address ? address.path : `${address.host}:${address.port}`;
  return new AppError("SERVER_ADDRESS_UNUSABLE", `Cannot listen on ${named}: ${messageOf(cause)}.`, {
    remedy: "Choose another address with --listen, or stop what is using this one.",
    cause,
  });
}
