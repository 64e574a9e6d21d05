import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers/promises";
import { Notifier } from "@dorian/base/notifier";
import { sleep } from "@dorian/base/sleep";
import { newId } from "@dorian/base/ids";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { GuestService } from "@dorian/protocol/guest";
import { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient, ServiceHandlers } from "@dorian/protocol/service";
import type { MovableClock } from "../clock/test-clock.ts";
import type { ContainerContext } from "../process/container-context.ts";
import { containerEnv } from "../process/container-env.ts";
import { absentHandlers } from "./absent-handlers.ts";
import { callGraphHandlers } from "./call-graph-handlers.ts";
import { Calls } from "./calls.ts";
import { containerHandlers } from "./container-handlers.ts";
import { deployHandlers } from "./deploy-handlers.ts";
import { dictHandlers } from "./dict-handlers.ts";
import { Functions, type TestApp } from "./functions.ts";
import { Pool } from "./pool.ts";
import { queueHandlers } from "./queue-handlers.ts";
import { keepSchedule } from "./schedules.ts";
import { Secrets } from "./secret-handlers.ts";
import { Task } from "./task.ts";
import type { TestFunction } from "./test-function.ts";
import { Volumes } from "./volumes.ts";
import { WebAddresses } from "./web-addresses.ts";
import { WebContainer } from "./web-container.ts";

export interface TestServerOptions {
  clock: MovableClock;
  secrets: Record<string, Record<string, string>>;
  log: (line: string) => void;
}

type Handlers = ServiceHandlers<typeof ModalClient>;

/** Turns of the event loop that work which goes on by itself takes to begin the next. */
const turnsToBegin = 20;
/** What asks for nothing for so long, in milliseconds, waits for something. */
const stillMs = 200;
const never = new AbortController().signal;

/** Exit hooks that take longer are no more waited for. */
const exitPatienceMs = 5_000;

/** Stands for the platform in one process: it takes the calls that the SDK and containers make, and keeps all in memory. */
export class TestServer implements AsyncDisposable {
  readonly volumes: Volumes;
  readonly functions: Functions;
  /** Calls from outside of containers. */
  readonly modal: ServiceClient<typeof ModalClient>;
  #options: TestServerOptions;
  #secrets: Secrets;
  #calls: Calls;
  #web: WebAddresses;
  #shared: Handlers;
  #activity = new Notifier();
  #outside = AsyncLocalStorage.snapshot();

  constructor(options: TestServerOptions) {
    this.#options = options;
    const nowMs = () => options.clock.nowMs;
    this.volumes = new Volumes({ nowMs });
    this.#secrets = new Secrets({ given: options.secrets, nowMs });
    this.#web = new WebAddresses({
      bound: (target, request) => this.functions.ofQuery(target.functionId, request.url),
      container: (target) => new WebContainer(target, this.#contextOf(newId("ta"), target, {})),
      log: options.log,
      outside: (run) => this.#outside(run),
    });
    this.functions = new Functions({
      poolOf: (target) => this.#poolOf(target),
      urlOf: (target, methodName) => this.#web.urlOf(target, methodName),
    });
    this.#calls = new Calls({ functions: this.functions, nowMs });
    this.#shared = {
      ...absentHandlers(),
      ...deployHandlers(),
      ...dictHandlers({ nowMs }),
      ...queueHandlers({ nowMs }),
      ...this.#secrets.handlers,
      ...this.volumes.handlers,
      ...this.functions.handlers,
      ...this.#calls.handlers,
      ...callGraphHandlers(this.#calls),
    };
    this.modal = createLocalClient(ModalClient, this.#shared, { kind: "client", tokenId: "test" });
  }

  addApp(app: TestApp): void {
    this.functions.addApp(app);
  }

  /** Begins to run what has a schedule. */
  keepSchedules(): void {
    const { clock } = this.#options;
    for (const target of this.functions.all) keepSchedule(target, { clock, calls: this.#calls });
  }

  /** Resolves when all that runs in containers is done, or does not go on by itself. */
  async settled(): Promise<void> {
    for (;;) {
      for (let turn = 0; turn < turnsToBegin; turn++) await setImmediate();
      if (![...this.functions.all].some(({ pool }) => pool.isBusy)) return;
      if (!(await this.#activity.wait({ signal: never, timeoutMs: stillMs }))) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const pools = [...this.functions.all].map(({ pool }) => pool.close());
    const ended = Promise.all([...pools, this.#web[Symbol.asyncDispose]()]);
    const patience = new AbortController();
    await Promise.race([ended, sleep(exitPatienceMs, { signal: patience.signal }).catch(() => undefined)]);
    patience.abort();
    await this.volumes[Symbol.asyncDispose]();
  }

  #poolOf(target: TestFunction): Pool {
    const { clock } = this.#options;
    const pool: Pool = new Pool({
      definition: () => target.definition,
      clock,
      startTask: () => this.#startTask(target, pool),
      activity: this.#activity,
    });
    return pool;
  }

  #startTask(target: TestFunction, pool: Pool): Task {
    const { clock, log } = this.#options;
    const task = new Task({
      target,
      log,
      nowMs: () => clock.nowMs,
      outside: (run) => this.#outside(run),
      guest: createLocalClient(GuestService, { reportPhase: async () => ({}) }, { kind: "anonymous" }),
      context: (taskId) => {
        const handlers = containerHandlers({ task: () => task, pool, calls: this.#calls });
        return this.#contextOf(taskId, target, handlers);
      },
    });
    return task;
  }

  #contextOf(taskId: string, { definition }: TestFunction, ofContainer: Handlers): ContainerContext {
    const handlers = { ...this.#shared, ...ofContainer };
    const own = {
      ...this.#secrets.valuesOf(definition.secretIds),
      MODAL_TASK_ID: taskId,
      MODAL_IS_REMOTE: "1",
    };
    return {
      taskId,
      modal: createLocalClient(ModalClient, handlers, { kind: "task", taskId }),
      env: containerEnv(own),
      volumes: this.volumes.mountsOf(definition),
    };
  }
}
