import { AppError } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import type { Logger } from "pino";
import { LocalFailure } from "./local-failure.ts";
import { KeptProcess, NeverReady } from "./kept-process.ts";
import type { Readiness } from "./ready.ts";
import type { RunningService } from "./running-service.ts";
import { SocketKeeper } from "./socket-keeper.ts";
import { StuckWatch } from "./stuck-watch.ts";

export interface SupervisorOptions {
  /** Command lines of both, from the second start of the server on with the address that it got at the first. */
  serverArgs: (url: string | undefined) => string[];
  workerArgs: () => string[];
  /** Why neither can be started now, if they cannot. */
  obstacle: () => string | undefined;
  /** Milliseconds without an answer after which the server is stuck. Default: 60 s. */
  serverStuckMs?: number;
  env: Record<string, string | undefined>;
  logger: Logger;
}

/** A worker that does not answer for so long, in milliseconds, is stuck in code or in what a container sent: it is replaced. */
const workerStuckMs = 30_000;
/**
 * A server gets longer: everybody waits for it, and most of what could hold it up so long is a disk, which a second one
 * would wait for as well. What it has accepted is on disk, and is found there by the next one.
 */
const usualServerStuckMs = 60_000;
/** What a server may take to answer those that it serves already: it gives itself 10 s. One that is stuck would take for ever. */
const frontMs = 25_000;
/** What a process that stops at once may take for it, in milliseconds. */
const atOnceMs = 10_000;

/** Keeps a server and a worker running, each in a process of its own, so that what containers can reach is not where calls are kept. */
export class Supervisor implements RunningService {
  #server: KeptProcess;
  #worker: KeptProcess;
  #logger: Logger;
  #sockets: SocketKeeper;
  #frontDrained = Promise.withResolvers<void>();
  #watches: StuckWatch[];

  private constructor(options: SupervisorOptions) {
    const { env, obstacle, logger } = options;
    this.#logger = logger;
    const serverWatch = new StuckWatch({
      limitMs: options.serverStuckMs ?? usualServerStuckMs,
      judgedFrom: "readiness",
      logger,
    });
    const workerWatch = new StuckWatch({ limitMs: workerStuckMs, judgedFrom: "first answer", logger });
    this.#watches = [serverWatch, workerWatch];
    this.#sockets = new SocketKeeper(() => {
      logger.warn("the server is not ready yet: clients that connect are refused until it is");
      this.#server.send({ kind: "let go" });
    });
    let url: string | undefined;
    this.#server = new KeptProcess({
      name: "server",
      args: () => options.serverArgs(url),
      env,
      obstacle,
      logger,
      onStarted: (server) => serverWatch.started(server),
      onReport: (report) => {
        serverWatch.heard(report);
        if (report.kind === "front drained") this.#frontDrained.resolve();
      },
      sockets: this.#sockets,
    });
    this.#server.ready.then(
      (readiness) => (url = readiness.url),
      () => undefined,
    );
    this.#worker = new KeptProcess({
      name: "worker",
      args: options.workerArgs,
      env,
      obstacle,
      logger,
      // At the first start it loads while the server starts; later it need not wait.
      onStarted: (worker) => {
        workerWatch.started(worker);
        void this.#server.ready.then(
          () => worker.send({ kind: "go on" }),
          () => undefined,
        );
      },
      onReport: (report) => workerWatch.heard(report),
    });
  }

  /** Starts both. Rejects when one cannot start, or `signal` aborts; its own words are on stderr then. */
  static async start(
    options: SupervisorOptions & { signal: AbortSignal },
  ): Promise<{ supervisor: Supervisor; readiness: Readiness }> {
    await using starting = new AsyncDisposableStack();
    const supervisor = starting.use(new Supervisor(options));
    const readiness = await supervisor.#bothReady(options.signal);
    starting.move();
    return { supervisor, readiness };
  }

  /** First what web clients reach, then the worker with its containers, then what it stands on. */
  async drain({ signal }: { signal: AbortSignal }): Promise<void> {
    const both = [this.#server, this.#worker];
    for (const each of both) each.release();
    this.#sockets[Symbol.dispose]();
    const atOnce = () => {
      for (const each of both) each.send({ kind: "stop at once" });
      setTimeout(() => {
        for (const each of both) {
          if (each.kill())
            this.#logger.warn(`the ${each.name} did not end in ${atOnceMs / 1000} s: it is killed`);
        }
      }, atOnceMs).unref();
    };
    if (signal.aborted) atOnce();
    onAbort(signal, atOnce);
    this.#server.send({ kind: "stop" });
    const stuck = setTimeout(atOnce, frontMs);
    await Promise.race([this.#frontDrained.promise, this.#server.ended]);
    clearTimeout(stuck);
    this.#worker.send({ kind: "stop" });
    await this.#worker.ended;
    this.#server.send({ kind: "go on" });
    await this.#server.ended;
    offAbort(signal, atOnce);
  }

  /** Ends both at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) watch[Symbol.dispose]();
    await this.drain({ signal: AbortSignal.abort() });
  }

  async #bothReady(signal: AbortSignal): Promise<Readiness> {
    try {
      // The server before the worker: one that cannot start says so, and the other one has not begun yet.
      const readiness = await orAborted(this.#server.ready, signal);
      await orAborted(this.#worker.ready, signal);
      return readiness;
    } catch (error) {
      throw error instanceof NeverReady ? failedStart(error) : error;
    }
  }
}

/** One that ends by itself has said why, see `main`. */
function failedStart({ end, message }: NeverReady): Error {
  if (end.code === 1) return new LocalFailure();
  return new AppError("PROCESS_ENDED", `A process of \`dorian up\` was not ready: ${message}.`, {
    status: "INTERNAL",
    remedy:
      "Look at what is logged above, and at the kernel's log: it may have killed it for want of memory.",
  });
}
