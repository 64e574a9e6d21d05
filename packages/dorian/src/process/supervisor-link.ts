import { Notifier } from "@dorian/base/notifier";
import { endProcess } from "./end-process.ts";
import type { Readiness } from "./ready.ts";
import type { RunningService } from "./running-service.ts";
import type { SignalSource } from "./signal-source.ts";
import { SupervisedSockets } from "./supervised-sockets.ts";
import {
  firstSocketDescriptor,
  supervisedEnv,
  type ListeningSocket,
  type ParentChannel,
  type SupervisedReport,
  type SupervisorOrder,
} from "./supervision.ts";

/** Time in milliseconds for a process whose supervisor was killed to clear up; it holds up the next start for so long. */
const orphanLimitMs = 8_000;

/**
 * A supervised process's link to its supervisor, which alone says when it stops: the signals that a terminal or a service manager
 * sends to all processes at once would end them in any order. Without a supervisor it ends, too.
 */
export class SupervisorLink implements SignalSource {
  readonly sockets: SupervisedSockets;
  #channel: ParentChannel;
  #listeners = new Map<NodeJS.Signals, () => void>();
  #atOnce = new AbortController();
  #turns = 0;
  #turnGiven = new Notifier();

  constructor(channel: ParentChannel, endProcess: () => void, inherited = new Map<string, number>()) {
    this.#channel = channel;
    this.sockets = new SupervisedSockets(inherited, (report, socket) => this.#report(report, socket));
    const orphaned = () => {
      setTimeout(endProcess, orphanLimitMs).unref();
      this.#stopAtOnce();
    };
    channel.on("message", (message) => this.#obey(message as SupervisorOrder));
    channel.on("disconnect", orphaned);
    if (!channel.connected) setImmediate(orphaned);
  }

  /** The link of this process; undefined unless a supervisor has started it, which its environment says. */
  static ofProcess(env: Record<string, string | undefined>): SupervisorLink | undefined {
    const names = env[supervisedEnv];
    // What this process starts is not supervised.
    delete env[supervisedEnv];
    if (names === undefined) return undefined;
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
    const sockets = (JSON.parse(names) as string[]).map(
      (name, index) => [name, firstSocketDescriptor + index] as const,
    );
    return new SupervisorLink(process as ParentChannel, () => void endProcess(1), new Map(sockets));
  }

  /** Aborts when nothing that runs may be waited for any more. */
  get atOnce(): AbortSignal {
    return this.#atOnce.signal;
  }

  on(event: NodeJS.Signals, listener: () => void): void {
    this.#listeners.set(event, listener);
  }

  off(event: NodeJS.Signals): void {
    this.#listeners.delete(event);
  }

  ready(readiness: Readiness): void {
    this.sockets.closeRest();
    this.#report({ kind: "ready", readiness });
  }

  /** Waits for its turn; rejects when `signal` aborts. */
  async turn(options: { signal: AbortSignal }): Promise<void> {
    while (this.#turns === 0) await this.#turnGiven.wait(options);
    this.#turns -= 1;
  }

  /** As a step of draining: lets the others stop before what comes after it. */
  readonly others: Pick<RunningService, "drain"> = {
    drain: async ({ signal }) => {
      this.#report({ kind: "front drained" });
      await this.turn({ signal }).catch(() => undefined);
    },
  };

  #obey(order: SupervisorOrder): void {
    switch (order.kind) {
      case "stop":
        this.#stop();
        break;
      case "stop at once":
        this.#stopAtOnce();
        break;
      case "go on":
        this.#turns += 1;
        this.#turnGiven.notify();
        break;
      case "let go":
        this.sockets.closeRest();
        break;
      case "are you there":
        this.#report({ kind: "here" });
    }
  }

  // A supervisor that is gone has no use for it, and its channel no way to refuse it but an exception that nobody catches.
  #report(report: SupervisedReport, socket?: ListeningSocket): void {
    if (this.#channel.connected) this.#channel.send?.(report, socket, () => undefined);
  }

  #stop(): void {
    this.#listeners.get("SIGTERM")?.();
  }

  #stopAtOnce(): void {
    if (!this.#atOnce.signal.aborted) this.#stop();
    this.#atOnce.abort();
  }
}
