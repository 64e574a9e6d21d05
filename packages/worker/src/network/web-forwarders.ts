import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { ConnectionBudget } from "@dorian/protocol/listener/connection-budget";

/**
 * Connections of this machine's containers: fewer than the server takes from one machine, so that containers cannot use
 * up what others on it need.
 */
const limits = { all: 1024, eachPeer: 128, thisMachine: 128 };

/** Passes containers' connections on to the ports of the server at which web functions are reached, whatever they say. */
export class WebForwarders implements AsyncDisposable {
  #address: string;
  #serverHost: () => string;
  #servers = new Map<number, Server>();
  #sockets = new Set<Socket>();
  #budget = new ConnectionBudget(limits);

  /** Makes forwarders that listen on `address`. */
  constructor(options: { address: string; serverHost: () => string }) {
    this.#address = options.address;
    this.#serverHost = options.serverHost;
  }

  /** Forwards to exactly these ports from now on. Returns where each of them is listened for. */
  async set(ports: readonly number[]): Promise<Map<number, number>> {
    for (const [port, server] of this.#servers) {
      if (ports.includes(port)) continue;
      server.close();
      this.#servers.delete(port);
    }
    for (const port of ports) {
      if (this.#servers.has(port)) continue;
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
        this.#join(socket, port),
      );
      // A connection that cannot be accepted is its container's loss alone.
      server.on("error", () => undefined);
      server.listen(0, this.#address);
      await once(server, "listening");
      this.#servers.set(port, server);
    }
    return new Map(
      [...this.#servers].map(([port, server]) => [port, (server.address() as AddressInfo).port]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.set([]);
  }

  #join(container: Socket, port: number): void {
    // The pipelines below tell of what breaks, to nobody: both ends see it.
    container.on("error", () => undefined);
    const place = this.#budget.admit(container.remoteAddress ?? "");
    if (!place) {
      container.destroy();
      return;
    }
    const upstream = connect({ host: this.#serverHost(), port, allowHalfOpen: true, noDelay: true });
    for (const socket of [container, upstream]) {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    }
    upstream.on("error", () => undefined);
    const there = pipeline(container, upstream);
    const back = pipeline(upstream, container);
    void Promise.allSettled([there, back]).then(() => {
      container.destroy();
      upstream.destroy();
      place[Symbol.dispose]();
    });
  }
}
