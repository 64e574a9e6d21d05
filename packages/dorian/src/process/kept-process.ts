import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { packageDirectory } from "../package-directory.ts";
import { messageOf } from "@dorian/base/app-error";
import { backoff } from "@dorian/base/backoff";
import { sleep } from "@dorian/base/sleep";
import type { Logger } from "pino";
import type { Readiness } from "./ready.ts";
import type { SocketKeeper } from "./socket-keeper.ts";
import {
  supervisedEnv,
  type ListeningSocket,
  type SupervisedReport,
  type SupervisorOrder,
} from "./supervision.ts";

export interface KeptProcessOptions {
  /** The command that it runs. */
  name: "server" | "worker";
  /** What follows the command, asked for at each start. */
  args: () => string[];
  env: Record<string, string | undefined>;
  /** Why it cannot be started now, if it cannot: it is asked again after the pause that follows a death. */
  obstacle: () => string | undefined;
  /** Told of each report. */
  onReport: (report: SupervisedReport) => void;
  /** There is a new one, that has not begun yet. */
  onStarted: (kept: KeptProcess) => void;
  /** Keeps what it listens on for the next one. */
  sockets?: SocketKeeper;
  logger: Logger;
}

/** How a process ended, in words and with its exit code. */
export interface ProcessEnd {
  text: string;
  code: number | null;
}

/** A process that could not be started at all. */
export class NeverReady extends Error {
  override readonly name = "NeverReady";
  readonly end: ProcessEnd;

  constructor(end: ProcessEnd) {
    super(end.text);
    this.end = end;
  }
}

const command = join(packageDirectory, "bin/dorian.js");

/**
 * Mebibytes for each half of what V8 allocates first: its default, 16, keeps tens of mebibytes that a process at rest has no use for.
 * A server needs them: of many requests at once most would outlive a smaller one, and a quarter of its time would go into that.
 */
const youngMebibytes = { server: 16, worker: 4 };

/** Pauses in milliseconds before one that ended is started again, and how long it must have lived for the first of them to do. */
const pauses = { firstMs: 100, maxMs: 10_000 };
const settledMs = 10_000;

/**
 * A process of ours that is started again whenever it ends. Its log goes where this process's goes; in a session of its own it
 * hears no signal that a terminal sends.
 */
export class KeptProcess {
  readonly name: "server" | "worker";
  /** What it said when it was ready for the first time; rejects with NeverReady when it ended before. */
  readonly ready: Promise<Readiness>;
  /** Resolves when it has ended and is not started again. */
  readonly ended: Promise<void>;
  #options: KeptProcessOptions;
  #child: ChildProcess | undefined;
  #ready = Promise.withResolvers<Readiness>();
  #released = new AbortController();

  constructor(options: KeptProcessOptions) {
    this.#options = options;
    this.name = options.name;
    this.ready = this.#ready.promise;
    this.ready.catch(() => undefined);
    this.ended = this.#keep();
  }

  /** The process that runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  send(order: SupervisorOrder): void {
    // It may end at any time: an order that does not reach it any more has nobody to obey it.
    if (this.#child?.connected) this.#child.send(order, () => undefined);
  }

  /** From now on its end is its last. */
  release(): void {
    this.#released.abort();
  }

  /** False when there is none. */
  kill(): boolean {
    return this.#child?.kill("SIGKILL") ?? false;
  }

  async #keep(): Promise<void> {
    const { logger, name } = this.#options;
    const released = this.#released.signal;
    const delays = backoff(pauses);
    let wasReady = false;
    this.ready.then(
      () => (wasReady = true),
      () => undefined,
    );
    while (!released.aborted) {
      const startedAtMs = performance.now();
      const end = await this.#runOnce();
      if (!wasReady) {
        this.#ready.reject(new NeverReady(end));
        return;
      }
      if (released.aborted) return;
      if (performance.now() - startedAtMs > settledMs) delays.reset();
      const pauseMs = delays.next();
      logger.error(
        { reason: end.text, pauseMs: Math.round(pauseMs) },
        `the ${name} ended: it is started again`,
      );
      await sleep(pauseMs, { signal: released }).catch(() => undefined);
    }
  }

  async #runOnce(): Promise<ProcessEnd> {
    const { args, env, name, obstacle, onReport, onStarted, sockets } = this.#options;
    const inTheWay = obstacle();
    if (inTheWay !== undefined) return { code: null, text: `it could not be started: ${inTheWay}` };
    const inherited = sockets?.descriptors ?? new Map<string, number>();
    const young = `--max-semi-space-size=${youngMebibytes[name]}`;
    const child = spawn(process.execPath, [...process.execArgv, young, command, name, ...args()], {
      stdio: ["ignore", "inherit", "inherit", "ipc", ...inherited.values()],
      detached: true,
      env: { ...env, [supervisedEnv]: JSON.stringify([...inherited.keys()]) },
    });
    this.#child = child;
    child.on("message", (message, socket) => {
      const report = message as SupervisedReport;
      sockets?.heard(report, socket as unknown as ListeningSocket | undefined);
      if (report.kind === "ready") this.#ready.resolve(report.readiness);
      onReport(report);
    });
    const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    onStarted(this);
    try {
      const [code, signal] = await exited;
      return {
        code,
        text: signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`,
      };
    } catch (error) {
      return { code: null, text: `it could not be started: ${messageOf(error)}` };
    } finally {
      this.#child = undefined;
      sockets?.unserved();
    }
  }
}
