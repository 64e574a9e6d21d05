// A worker that speaks the real protocol by script.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AsyncQueue } from "@dorian/base/async-queue";
import { newId } from "@dorian/base/ids";
import { createLocalClient } from "@dorian/protocol/client/local-client";
import { ModalClient } from "@dorian/protocol/modal";
import {
  type TaskExitedSchema,
  WorkerMessageSchema,
  WorkerService,
  WorkerStanding,
  type StartTask,
  type StopTask,
  type WorkerMessage,
} from "@dorian/protocol/worker";
import { mergedParts, type ServedParts } from "./merged-parts.ts";
import { ScriptedContainer, type Script } from "./scripted-container.ts";

export interface ScriptedWorkerOptions {
  script?: Script;
  name?: string;
  workerId?: string;
  milliCpu?: number;
  memoryMb?: number;
  gpus?: { type: string; device: string }[];
  simulatedGpus?: boolean;
  /** What it takes memory snapshots with. Default: nothing. */
  snapshotEngine?: string;
  /** Said in its hello. Default: it takes work. */
  standing?: WorkerStanding;
  /** Does not stop containers when it is told to. */
  ignoresStops?: boolean;
}

export class ScriptedWorker implements AsyncDisposable {
  readonly containers: ScriptedContainer[] = [];
  readonly options: ScriptedWorkerOptions;
  readonly workerId: string;
  script: Script;
  #dispatch: ServedParts;
  #outgoing = new AsyncQueue<WorkerMessage>();
  #connection = new AbortController();
  welcomed: string[] | undefined;
  /** How much of what was said of each command has come to the server. */
  execReports: Record<string, bigint> = {};
  /** It has no connection. */
  isAway = true;

  constructor(dispatch: ServedParts, options: ScriptedWorkerOptions = {}) {
    this.#dispatch = dispatch;
    this.options = options;
    this.workerId = options.workerId ?? newId("wo");
    this.script = options.script ?? {};
  }

  get alive(): ScriptedContainer[] {
    return this.containers.filter((container) => !container.dead);
  }

  #logBatches = 0n;

  report(message: NonNullable<MessageInitShape<typeof WorkerMessageSchema>["message"]>): void {
    if (message.case === "logs") message.value.sequence ??= ++this.#logBatches;
    this.#outgoing.push(create(WorkerMessageSchema, { message }));
  }

  /** Joins; resolves at the welcome. */
  async join(): Promise<this> {
    const {
      name = "box",
      milliCpu = 8_000,
      memoryMb = 8_192,
      gpus = [],
      simulatedGpus = false,
      snapshotEngine = "",
    } = this.options;
    this.#outgoing = new AsyncQueue();
    this.#connection = new AbortController();
    this.report({
      case: "hello",
      value: {
        workerId: this.workerId,
        name,
        capacity: { milliCpu, memoryMb: BigInt(memoryMb), gpus, simulatedGpus, snapshotEngine },
        dataDirectoryId: "dd-1",
        version: "0.1.0",
        standing: this.options.standing ?? WorkerStanding.SERVING,
        execInputs: this.execInputs,
      },
    });
    const welcome = Promise.withResolvers<void>();
    void this.#listen(welcome);
    await welcome.promise;
    return this;
  }

  /** The connection breaks; containers go on. */
  disconnect(): void {
    this.#connection.abort();
  }

  /** Moves to a restarted server, as a worker that dials again. */
  async rejoin(dispatch: ServedParts): Promise<this> {
    this.#connection.abort();
    this.#dispatch = dispatch;
    return await this.join();
  }

  /** kill -9: its containers die with it and nobody is told. */
  kill(): void {
    this.#connection.abort();
    this.#silent = true;
    for (const container of this.alive) container.die();
  }

  /** SIGSTOP for the worker alone, until `wake`: its connection stands, its containers go on and reach nobody. */
  suspend(): void {
    this.#suspended = Promise.withResolvers();
  }

  wake(): void {
    this.#suspended?.resolve();
    this.#suspended = undefined;
  }

  #suspended: PromiseWithResolvers<void> | undefined;
  #silent = false;
  /** Said in its hello: of each command, how many pieces of input have come. */
  execInputs: Record<string, bigint> = {};
  /** Told with the end of every container. */
  exitWith: Omit<MessageInitShape<typeof TaskExitedSchema>, "$typeName"> = {};

  async #listen(welcome: PromiseWithResolvers<void>): Promise<void> {
    const { signal } = this.#connection;
    const heartbeat = setInterval(() => {
      if (!this.#suspended) this.report({ case: "heartbeat", value: {} });
    }, 100);
    try {
      const server = createLocalClient(WorkerService, mergedParts(this.#dispatch.worker), { kind: "worker" });
      for await (const { message } of server.join(this.#outgoing, { signal })) {
        await this.#suspended?.promise;
        if (message.case === "welcome") {
          this.welcomed = message.value.taskIds;
          this.execReports = message.value.execReports;
          this.isAway = false;
          this.#settle(message.value.taskIds);
          welcome.resolve();
        } else if (message.case === "startTask") this.#start(message.value);
        else if (message.case === "stopTask") this.#stop(message.value);
        else this.onOrder(message);
      }
      welcome.reject(new Error("the server hung up before it welcomed the worker"));
    } catch (error) {
      welcome.reject(error);
    } finally {
      if (signal === this.#connection.signal) this.isAway = true;
      clearInterval(heartbeat);
    }
  }

  /** Orders other than those about tasks. */
  onOrder: (message: { case: string | undefined; value?: unknown }) => void = () => undefined;

  #settle(taskIds: string[]): void {
    for (const container of this.alive) {
      const { taskId, working } = container;
      if (!taskIds.includes(taskId)) container.die();
      else if (working.size > 0)
        this.report({ case: "taskInputs", value: { taskId, inputIds: [...working] } });
    }
    for (const taskId of taskIds) {
      if (!this.alive.some((container) => container.taskId === taskId))
        this.report({
          case: "taskExited",
          value: { taskId, exitCode: -1, signal: "SIGKILL", isUnknown: true },
        });
    }
  }

  #start(request: StartTask): void {
    const { taskId } = request;
    const modal = createLocalClient(ModalClient, mergedParts(this.#dispatch.modal), { kind: "task", taskId });
    const container = new ScriptedContainer(request, modal, this.script, (death) => {
      if (this.#silent) return;
      this.report({
        case: "taskExited",
        value: { taskId, ...death, ...this.exitWith },
      });
    });
    this.containers.push(container);
    let at = Date.now() / 1000;
    for (const phase of ["image", "mount"]) {
      const endedAt = at + 0.001;
      this.report({ case: "taskPhase", value: { taskId, phase, startedAt: at, endedAt, bytesCopied: 10n } });
      at = endedAt;
    }
    container.run().catch(() => container.die({ exitCode: 1 }));
  }

  #stop(stop: StopTask): void {
    const container = this.containers.find((each) => each.taskId === stop.taskId);
    container?.stops.push(stop);
    if (!this.options.ignoresStops)
      container?.die({ signal: stop.graceSecs === 0 ? "SIGKILL" : "SIGINT", wasStopped: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
  }
}
