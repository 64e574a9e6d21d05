import { create } from "@bufbuild/protobuf";
import { AppError, messageOf } from "@dorian/base/app-error";
import { untilAborted } from "@dorian/base/or-aborted";
import { AsyncQueue } from "@dorian/base/async-queue";
import { backoff } from "@dorian/base/backoff";
import { assertNever } from "@dorian/base/must";
import { sleep } from "@dorian/base/sleep";
import { Stopwatch } from "@dorian/base/stopwatch";
import type { ServiceClient } from "@dorian/protocol/service";
import {
  WorkerMessageSchema,
  WorkerStanding,
  type ServerMessage,
  type Welcome,
  type WorkerHello,
  type WorkerMessage,
  type WorkerService,
} from "@dorian/protocol/worker";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import type { LogOutbox } from "../log/log-outbox.ts";

/** What a worker does when the server asks. */
export interface ServerOrders {
  /** The server counts on these; whatever else runs here must stop, and those that are gone must be reported. */
  onWelcome(expected: Welcome): void;
  /** Nobody hears what is said until the next welcome. */
  onDisconnected(): void;
  onOrder(
    message: Exclude<
      ServerMessage["message"],
      { case: "welcome" | "setStanding" | "logsKept" | "webPorts" } | { case: undefined }
    >,
  ): void;
}

export interface ServerLinkOptions {
  server: ServiceClient<typeof WorkerService>;
  hello: MessageInitShape<typeof import("@dorian/protocol/worker").WorkerHelloSchema>;
  /** Said in each hello: of each command that runs, how many pieces of input have come. */
  execInputs: () => Record<string, bigint>;
  orders: ServerOrders;
  /** Unlike other reports, lines of logs outlive a connection. */
  logs: Pick<LogOutbox, "connected" | "disconnected" | "kept">;
  /** Told at which ports of the server web functions are reached, whenever that may have changed. */
  onWebPorts: (ports: readonly number[]) => void;
  heartbeatMs: number;
  /** What is said every so often, and first. */
  heartbeat: () => Report;
  logger: Logger;
  signal: AbortSignal;
}

type Report = NonNullable<MessageInitShape<typeof WorkerMessageSchema>["message"]>;

/**
 * The worker's connection to the control plane. It is dialled again for as long as the worker lives: tasks go on while
 * the server restarts.
 */
export class ServerLink {
  #options: ServerLinkOptions;
  #outgoing = new AsyncQueue<WorkerMessage>();
  /** Resolves when `signal` has aborted and the last connection is closed. */
  readonly closed: Promise<void>;
  #joined = Promise.withResolvers<void>();
  #httpPort = 0;
  #standing = WorkerStanding.SERVING;
  /** Undefined while a server is connected. */
  #away: Stopwatch | undefined = new Stopwatch();
  #closing = false;

  constructor(options: ServerLinkOptions) {
    this.#options = options;
    this.closed = this.#stayConnected();
  }

  /** Resolves at the first welcome; rejects when the server refuses this worker for good. */
  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  /** Where the server listens for HTTP; 0 until it has said so. */
  get httpPort(): number {
    return this.#httpPort;
  }

  /** For how many milliseconds no server has been connected; 0 while one is. */
  get awayMs(): number {
    return this.#away?.ms ?? 0;
  }

  /** Says that this worker is about to end, now and to every server that it dials from now on: it is sent nothing new. */
  leave(): void {
    this.#standing = WorkerStanding.LEAVING;
    this.report({ case: "leaving", value: {} });
  }

  /** Hangs up in order, when everything that was reported is told. Resolves when that is done, or when `signal` aborts. */
  async close({ signal }: { signal: AbortSignal }): Promise<void> {
    this.#closing = true;
    this.#outgoing.end();
    await untilAborted(this.closed, signal);
  }

  report(message: Report): void {
    this.#outgoing.push(create(WorkerMessageSchema, { message }));
  }

  async #stayConnected(): Promise<void> {
    const { signal, logger } = this.#options;
    const delays = backoff({ firstMs: 100, maxMs: 1_000 });
    let failures = 0;
    while (!signal.aborted && !this.#closing) {
      try {
        await this.#connect(() => {
          delays.reset();
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted || this.#closing) break;
        if (AppError.is(error) && error.status !== "UNAVAILABLE" && error.status !== "CANCELLED") {
          this.#joined.reject(error);
          logger.error({ err: error }, "the server refuses this worker");
        } else if (failures++ === 0) {
          logger.warn(
            { reason: messageOf(error) },
            "connection to the server lost: it is dialled until it is back",
          );
        }
      }
      if (!this.#closing) await sleep(delays.next(), { signal }).catch(() => undefined);
    }
    this.#joined.reject(signal.reason);
    this.#joined.promise.catch(() => undefined);
  }

  async #connect(onJoined: () => void): Promise<void> {
    const { server, hello, execInputs, orders, logs, onWebPorts, heartbeat, heartbeatMs, signal } =
      this.#options;
    // Reports made while nobody listened are worth nothing: the welcome that follows settles what is true.
    this.#outgoing = new AsyncQueue();
    this.report({
      case: "hello",
      value: { ...(hello as WorkerHello), standing: this.#standing, execInputs: execInputs() },
    });
    this.report(heartbeat());
    const beating = setInterval(() => this.report(heartbeat()), heartbeatMs);
    try {
      for await (const { message } of server.join(this.#outgoing, { signal })) {
        switch (message.case) {
          case "welcome":
            this.#httpPort = message.value.httpPort;
            this.#joined.resolve();
            this.#away = undefined;
            onJoined();
            // Before the ends of what ended meanwhile.
            logs.connected(message.value.logsKept);
            onWebPorts(message.value.webPorts?.ports ?? []);
            orders.onWelcome(message.value);
            break;
          case "setStanding":
            // Who leaves has said so for good.
            if (this.#standing !== WorkerStanding.LEAVING) this.#standing = message.value;
            break;
          case "webPorts":
            onWebPorts(message.value.ports);
            break;
          case "logsKept":
            logs.kept(message.value.sequence);
            break;
          case "startTask":
          case "stopTask":
          case "startBuild":
          case "cancelBuild":
          case "execStart":
          case "execInput":
            orders.onOrder(message);
            break;
          case undefined:
            break;
          default:
            assertNever(message);
        }
      }
    } finally {
      logs.disconnected();
      orders.onDisconnected();
      clearInterval(beating);
      this.#away ??= new Stopwatch();
      this.#outgoing.end();
    }
  }
}
