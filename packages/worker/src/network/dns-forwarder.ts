import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket as TcpSocket } from "node:net";
import { ConnectionBudget } from "@dorian/protocol/listener/connection-budget";

const answerTimeoutMs = 10_000;
/** Of each protocol, from containers: none takes what the others need. */
const limits = { all: 1024, eachPeer: 128, thisMachine: 128 };

/** Passes DNS queries, over UDP and TCP, from the containers' gateway on to a resolver that only the host can reach. */
export class DnsForwarder implements AsyncDisposable {
  /** On `address`, for both protocols. */
  readonly port: number;
  #udp: Socket;
  #tcp: Server;
  #upstream: { address: string; port: number };
  #queries = new Set<Socket>();
  #connections = new Set<TcpSocket>();
  #queryBudget = new ConnectionBudget(limits);
  #connectionBudget = new ConnectionBudget(limits);

  private constructor(udp: Socket, tcp: Server, upstream: { address: string; port: number }) {
    this.#udp = udp;
    this.#tcp = tcp;
    this.#upstream = upstream;
    this.port = udp.address().port;
    udp.on("message", (query, from) => this.#ask(query, from));
    // An answer for a container that is gone cannot be delivered; the socket stays good.
    udp.on("error", () => undefined);
    tcp.on("connection", (socket) => this.#join(socket));
  }

  static async open(options: {
    address: string;
    upstream: { address: string; port?: number };
  }): Promise<DnsForwarder> {
    const { address, upstream } = options;
    await using opened = new AsyncDisposableStack();
    const tcp = createServer().listen(0, address);
    await once(tcp, "listening");
    opened.defer(() => void tcp.close());
    const udp = createSocket("udp4").bind((tcp.address() as AddressInfo).port, address);
    opened.defer(() => void udp.close());
    await once(udp, "listening");
    opened.move();
    return new DnsForwarder(udp, tcp, { address: upstream.address, port: upstream.port ?? 53 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const query of this.#queries) query.close();
    for (const connection of this.#connections) connection.destroy();
    this.#queries.clear();
    await Promise.all([
      new Promise<void>((resolve) => this.#udp.close(() => resolve())),
      new Promise<void>((resolve) => this.#tcp.close(() => resolve())),
    ]);
  }

  // A socket for each query: its random port is what makes a forged answer hard.
  #ask(query: Buffer, from: RemoteInfo): void {
    // No program asks from port 0, and none can be answered there.
    const place = from.port === 0 ? undefined : this.#queryBudget.admit(from.address);
    if (!place) return;
    const socket = createSocket(this.#upstream.address.includes(":") ? "udp6" : "udp4");
    this.#queries.add(socket);
    const finish = () => {
      clearTimeout(timer);
      place[Symbol.dispose]();
      if (this.#queries.delete(socket)) socket.close();
    };
    const timer = setTimeout(finish, answerTimeoutMs);
    socket.once("error", finish);
    socket.once("message", (answer) => {
      this.#udp.send(answer, from.port, from.address);
      finish();
    });
    socket.connect(this.#upstream.port, this.#upstream.address, () => socket.send(query));
  }

  #join(container: TcpSocket): void {
    const place = this.#connectionBudget.admit(container.remoteAddress ?? "");
    if (!place) {
      container.destroy();
      return;
    }
    container.once("close", () => place[Symbol.dispose]());
    const upstream = connect(this.#upstream.port, this.#upstream.address);
    for (const [one, other] of [
      [container, upstream],
      [upstream, container],
    ] as const) {
      this.#connections.add(one);
      one.setTimeout(answerTimeoutMs, () => one.destroy());
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#connections.delete(one);
        other.destroy();
      });
    }
    container.pipe(upstream).pipe(container);
  }
}
