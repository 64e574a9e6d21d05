import { create } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import { Notifier } from "@dorian/base/notifier";
import {
  FileDescriptor,
  ProgressType,
  TaskLogsSchema,
  type GenericResult,
  type TaskLogs,
} from "@dorian/protocol/modal";
import type { LogBatch, TaskExited, TaskPhase } from "@dorian/protocol/worker";
import type { Logger } from "pino";
import type { AppLogs, LogOrigin } from "../log/app-logs.ts";
import { serverResult } from "../call/results.ts";
import { neverPlaced } from "../placement/never-placed.ts";
import type { OfferedGpu, Placement } from "../placement/placement.ts";
import { resourceRequestOf } from "../placement/resource-request.ts";
import type { StartFailure } from "../failure/crash-loop.ts";
import { startupTimeoutMs } from "../scaling/scaling-settings.ts";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import type { Workers } from "../fleet/workers.ts";
import { causeOfEnd } from "../failure/cause.ts";
import { endReason } from "../failure/end-reason.ts";
import { failureOfCode, failureOfEnd, failureOfPlan, failureOfTime } from "./start-failure.ts";
import { factsOf, Task, type TaskEnd, type TaskOwner } from "./task.ts";
import { wireStates } from "./task-state.ts";
import type { TaskStore } from "./task-store.ts";
import { TaskTimeline } from "./task-timeline.ts";
import { WaitingTasks } from "./waiting-tasks.ts";

export interface TasksOptions {
  catalog: FunctionCatalog;
  workers: Workers;
  store: TaskStore;
  logs: AppLogs;
  logger: Logger;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  graceSecs: number;
  /** Calls of what no worker can ever run fail instead of waiting for one that can. */
  failFast: boolean;
}

export interface StopOptions {
  graceSecs: number;
  reason: string;
  /** Nobody needs to read of it in the container's log. */
  quiet?: boolean;
  /** For a container whose work nobody waits for: time to begin to stop. A process too busy for that is killed then. */
  responseSecs?: number;
}

/** Time that a worker gets beyond a container's grace before it is believed to have lost it. */
const stopPatienceMs = 15_000;
/** Time beyond the user's limit for the start in which the container's process must run. */
const platformAllowanceMs = 60_000;
/** Time for user code to end in good order whose start has taken too long: nobody waits for what it still does. */
const startTimeoutGraceSecs = 1;
/** Time in which workers come back from a restart, theirs or the server's, before what they could run fails. */
const workersReturnMs = 2_000;
/** Time for code to let go of cancelled inputs when its container is not wanted any more. */
const letGoMs = 5_000;
/** Time for `@exit` after the kill switch. */
const exitPatienceMs = 30_000;

/** Every container: started, watched, stopped. */
export class Tasks implements Disposable {
  #options: TasksOptions;
  #tasks = new Map<string, Task>();
  #waiting: WaitingTasks;
  /** Told of every end. */
  readonly ended = new Notifier();

  constructor(options: TasksOptions) {
    this.#options = options;
    this.#waiting = new WaitingTasks({
      offers: () => options.workers.offers(),
      live: () => this.#tasks.values(),
      elapsedMs: options.elapsedMs,
      events: {
        placed: (task, placement, freezeRoot) => this.#assign(task, placement, freezeRoot),
        waits: (task, { reason, unmet }) => this.#waits(task, reason, unmet),
        evicted: (task, sake) => this.drain(task, `${sake.facts.tag} needs its room`),
      },
    });
  }

  get(taskId: string): Task | undefined {
    return this.#tasks.get(taskId);
  }

  get live(): Task[] {
    return [...this.#tasks.values()];
  }

  /** Those that serve the app. Its builders live and die with their builds, which other apps may share. */
  liveOf(appId: string): Task[] {
    return this.live.filter(({ facts }) => facts.appId === appId && !facts.isBuilder);
  }

  onWorker(workerId: string): Task[] {
    return this.live.filter((task) => task.workerId === workerId);
  }

  /** Takes over a container from before a restart of the server. */
  adopt(task: Task): void {
    this.#tasks.set(task.taskId, task);
    if (task.workerId === undefined) {
      this.#end(task, "exited", { reason: "The server restarted before it was placed." });
      return;
    }
    this.#options.workers.expect(task.workerId, task.workerName);
    this.#options.workers.reserve(task.workerId, task.taskId, task.uses);
    task.idleSinceMs = this.#options.elapsedMs();
    if (task.state === "ready") task.moments.ready = task.idleSinceMs;
    if (task.state === "assigned" || task.state === "starting") this.#limitStart(task);
  }

  /** Gives up a container of before a restart: its worker will be told to stop it. */
  abandon(task: Task): void {
    task.stopReason = "The server restarted.";
    this.#end(task, "exited", { reason: task.stopReason });
  }

  /** Wants a container. It is placed at once when a worker has room, and waits for room otherwise. */
  start(spec: FunctionSpec, owner: TaskOwner, options: { enqueuedAtMs: number; freezeRoot: boolean }): Task {
    const request = resourceRequestOf(spec.definition);
    const { enqueuedAtMs } = options;
    const task = new Task({
      facts: factsOf(spec, { taskId: newId("ta"), request, enqueuedAtMs }),
      owner,
      timeline: new TaskTimeline(enqueuedAtMs),
    });
    this.#tasks.set(task.taskId, task);
    this.#waiting.add(task, options.freezeRoot);
    return task;
  }

  /** Its process runs. */
  hello(task: Task): void {
    task.timeline.end("boot", this.#options.nowMs());
    if (task.state !== "assigned") return;
    task.move("starting");
    this.#limitStart(task);
    this.#say(task, "importing code and running @enter");
  }

  /** It asks for inputs. */
  ready(task: Task): void {
    if (task.state !== "assigned" && task.state !== "starting") return;
    const nowMs = this.#options.nowMs();
    task.cancelTimer();
    task.timeline.end("enter", nowMs);
    task.idleSinceMs = this.#options.elapsedMs();
    task.moments.ready = task.idleSinceMs;
    task.move("ready");
    this.#say(task, "ready");
    this.#save(task);
    task.owner.ready(task);
  }

  /** Lets it finish what it has; it gets no more. */
  drain(task: Task, reason: string): void {
    if (task.isLeaving) return;
    if (task.state !== "ready" || task.owner.asksForWork === false) {
      this.stop(task, { graceSecs: this.#options.graceSecs, reason, quiet: true });
      return;
    }
    task.stopReason = reason;
    task.move("draining");
    if (task.load === 0) this.#limitExit(task);
    task.owner.leaving(task);
    this.#save(task);
  }

  /** Lets it let go of the inputs that were just cancelled, and exit. To interrupt it beside that would meet it twice at a time. */
  release(task: Task, options: StopOptions): void {
    this.drain(task, options.reason);
    if (task.state !== "draining" || task.load === 0) return;
    task.after(letGoMs, () => {
      if (task.load > 0) this.stop(task, options);
      else this.#limitExit(task);
    });
  }

  /** It has been told that there is no more: what remains is its `@exit`. */
  toldToExit(task: Task): void {
    if (task.state === "draining" && task.load === 0 && !task.isTimed) this.#limitExit(task);
  }

  /** It says itself that it cannot start, and will exit. */
  failedToStart(task: Task, result: GenericResult): void {
    if (task.wasReady || task.isLeaving || task.state === "queued") return;
    task.move("draining");
    task.after(exitPatienceMs, () => this.stop(task, { graceSecs: 10, reason: "it failed to start" }));
    this.#failStart(task, failureOfCode(result));
  }

  /** SIGINT, then SIGKILL after the grace; 0 kills at once. */
  stop(task: Task, options: StopOptions): void {
    if (task.isOver) return;
    task.stopReason ??= options.reason;
    if (task.state === "queued") {
      this.#end(task, "exited", { reason: options.reason });
      return;
    }
    if (task.state !== "stopping") {
      task.move("stopping");
      task.owner.leaving(task);
      this.#save(task);
    }
    // A later order counts only when it lets the container live less long.
    const killAtMs = performance.now() + options.graceSecs * 1000;
    if (options.graceSecs > 0 && killAtMs >= task.killAtMs) return;
    task.killAtMs = killAtMs;
    task.after(options.graceSecs * 1000 + stopPatienceMs, () =>
      this.#end(task, "lost", { reason: "Its worker did not report its end." }),
    );
    this.#sendStop(task, options);
  }

  /** Resolves when the app has no containers. */
  async whenGone(appId: string, options: { signal: AbortSignal }): Promise<void> {
    while (this.liveOf(appId).length > 0) await this.ended.wait(options);
  }

  /** Room may have become free, now. */
  placeWaiting(): void {
    this.#waiting.settle();
  }

  /** A container has nothing to do, or another has work: those that wait for room may get it, soon. */
  idlenessChanged(): void {
    this.#waiting.settleSoon();
  }

  // What workers report.

  /** Tells a worker that is back what it may have missed. */
  welcomed(workerId: string): void {
    for (const task of this.onWorker(workerId)) {
      if (task.state === "stopping")
        this.#sendStop(task, { graceSecs: this.#options.graceSecs, reason: task.stopReason ?? "" });
    }
    this.placeWaiting();
  }

  workerLost(workerId: string, name: string): void {
    for (const task of this.onWorker(workerId)) {
      const reason = `Worker ${name} was lost.`;
      this.#note(task, reason);
      this.#end(task, "lost", { reason });
    }
    // With fewer workers, the reason for waiting may be another.
    this.placeWaiting();
  }

  phase(report: TaskPhase): void {
    const task = this.#tasks.get(report.taskId);
    if (!task) return;
    task.timeline.end(report.phase, report.endedAt * 1000);
    task.bytesCopied += Number(report.bytesCopied);
    task.startedAtMs ??= report.startedAt * 1000;
    if (report.phase === "image") this.#say(task, "creating the container");
    // Not every client says hello itself.
    if (report.phase === "boot") this.hello(task);
    // A sandbox asks for no inputs: it is ready when its command runs.
    if (report.phase === "enter") this.ready(task);
    if (task.wasReady) this.#save(task);
  }

  exited(report: TaskExited): void {
    const task = this.#tasks.get(report.taskId);
    if (!task) return;
    const reason = endReason(report);
    const isUnasked = task.stopReason === undefined;
    const isUnwanted = isUnasked && (report.exitCode !== 0 || report.signal !== "");
    // One that was no longer wanted before it had started has not failed.
    const hasFailed = report.failure !== undefined && (isUnasked || task.wasReady);
    if ((isUnwanted && !report.interrupted) || hasFailed) this.#note(task, reason);
    // Its worker stops: another one shall do what it had.
    const isHandedBack = report.interrupted && (report.exitCode !== 0 || report.signal !== "");
    this.#end(task, isHandedBack && task.state !== "queued" ? "lost" : "exited", {
      cause: causeOfEnd(report, { isStopping: task.state === "stopping", saidHello: task.saidHello }),
      reason,
      failure: report.failure,
      exitCode: report.exitCode,
      rootFrozen: report.rootFrozen,
      frozenLayerId: report.frozenLayerId,
      frozenBytes: Number(report.frozenBytes),
    });
  }

  /** Says in the log of its app what follows from something that happened to it. */
  tell(task: Task, text: string): void {
    this.#note(task, text);
    this.#say(task, text);
  }

  /** Resolves when the lines are on disk, or nobody has a use for them. */
  async logs(report: LogBatch, origin: LogOrigin): Promise<void> {
    // The end of one is told without its last lines when those could not be sent in time.
    const task = this.#tasks.get(report.taskId) ?? (await this.#options.store.load(report.taskId));
    if (task && !(task.isOver && task.facts.isBuilder)) await this.#log(task, report.items, origin);
  }

  [Symbol.dispose](): void {
    this.#waiting[Symbol.dispose]();
    for (const task of this.#tasks.values()) {
      task.cancelTimer();
      task.inputs[Symbol.dispose]();
    }
  }

  #waits(task: Task, reason: string, unmet: boolean): void {
    if (unmet) this.#failFast(task);
    if (task.pendingReason === reason) return;
    task.pendingReason = reason;
    this.#say(task, reason);
    if (unmet) this.#note(task, `${task.facts.tag} cannot start: ${reason}.`);
  }

  /** Where that is wanted, fails what no worker can ever run, once those that are away had time to come back. */
  #failFast(task: Task): void {
    const { catalog, workers, failFast } = this.#options;
    const definition = catalog.spec(task.facts.functionId)?.definition;
    if (!definition || task.isTimed) return;
    if (!failFast && definition.experimentalOptions["fail_fast"]?.toLowerCase() !== "true") return;
    task.after(workersReturnMs, () => {
      task.cancelTimer();
      if (task.state !== "queued") return;
      const reason = workers.isOneAway ? undefined : neverPlaced(definition, workers.offers());
      if (reason === undefined) {
        this.placeWaiting();
        return;
      }
      const text = `${task.facts.tag} cannot start: ${reason}.`;
      this.#failStart(task, failureOfCode(serverResult("INIT_FAILURE", text)));
      this.#end(task, "exited", { reason: text });
    });
  }

  #assign(task: Task, placement: Extract<Placement, { kind: "placed" }>, freezeRoot: boolean): void {
    const { workers, nowMs, elapsedMs } = this.#options;
    task.pendingReason = "";
    task.workerId = placement.workerId;
    task.workerName = workers.nameOf(placement.workerId);
    task.gpus = placement.gpus;
    task.moments.placed = elapsedMs();
    workers.reserve(placement.workerId, task.taskId, task.uses);
    task.timeline.end("queue", nowMs());
    task.move("assigned");
    this.#say(task, `loading the image on ${task.workerName}`);
    this.#save(task);
    void this.#launch(task, placement.gpus, freezeRoot);
  }

  async #launch(task: Task, gpus: readonly OfferedGpu[], freezeRoot: boolean): Promise<void> {
    const { catalog, workers, nowMs, graceSecs } = this.#options;
    try {
      const plan = await catalog.containerPlan(task.facts.functionId);
      if (task.isOver) return;
      if (task.state === "stopping") {
        this.#end(task, "exited", { reason: task.stopReason ?? "It was stopped." });
        return;
      }
      task.timeline.end("place", nowMs());
      task.volumeIds = new Set(plan.volumes.map(({ volumeId }) => volumeId));
      const sent = workers.send(task.workerId ?? "", {
        case: "startTask",
        value: {
          taskId: task.taskId,
          arguments: { ...plan.arguments, taskId: task.taskId },
          layerIds: plan.layerIds,
          config: plan.config,
          secretEnv: plan.secretEnv,
          volumes: plan.volumes,
          command: plan.command ?? [],
          gpuDevices: gpus.map((gpu) => gpu.device),
          freezeRoot,
          enqueuedAt: task.facts.enqueuedAtMs / 1000,
          placedAt: nowMs() / 1000,
          graceSecs,
        },
      });
      task.changed.notify();
      if (sent) this.#limitStart(task);
      else this.#end(task, "lost", { reason: `Worker ${task.workerName} was lost.` });
    } catch (error) {
      if (!AppError.is(error)) this.#options.logger.error({ err: error }, "a container could not be planned");
      const failure = failureOfPlan(error);
      this.#failStart(task, failure);
      this.#end(task, "exited", { reason: failure.result.exception });
    }
  }

  #limitStart(task: Task): void {
    const spec = this.#options.catalog.spec(task.facts.functionId);
    if (!spec) return;
    const limitMs = startupTimeoutMs(spec.definition);
    // Until its process runs, time is the platform's.
    const allowanceMs = task.state === "assigned" ? platformAllowanceMs : 0;
    task.after(limitMs + allowanceMs, () => {
      const { saidHello } = task;
      const failure = failureOfTime(saidHello ? limitMs : limitMs + allowanceMs, { saidHello });
      this.stop(task, { graceSecs: startTimeoutGraceSecs, reason: failure.result.exception });
      this.#failStart(task, failure);
    });
  }

  #limitExit(task: Task): void {
    task.after(exitPatienceMs, () =>
      this.stop(task, { graceSecs: 10, reason: "it did not exit when it was asked to" }),
    );
  }

  #failStart(task: Task, failure: StartFailure): void {
    if (task.startFailure) return;
    task.startFailure = failure;
    task.owner.startFailed(task, failure);
  }

  #sendStop(task: Task, options: StopOptions): void {
    const { graceSecs, responseSecs = 0 } = options;
    const reason = options.quiet ? "" : options.reason;
    this.#options.workers.send(task.workerId ?? "", {
      case: "stopTask",
      value: { taskId: task.taskId, graceSecs, reason, responseSecs },
    });
  }

  #end(task: Task, state: "exited" | "lost", facts: Partial<TaskEnd> & { reason: string }): void {
    if (task.isOver) return;
    const { workers, nowMs } = this.#options;
    const end: TaskEnd = {
      cause: state === "lost" ? "lost" : "asked",
      failure: undefined,
      rootFrozen: false,
      frozenLayerId: "",
      frozenBytes: 0,
      ...facts,
    };
    task.cancelTimer();
    const failure = task.wasReady ? undefined : failureOfEnd(end);
    if (failure) this.#failStart(task, failure);
    // A queued task was never anywhere: it cannot be lost.
    task.move(task.state === "queued" ? "exited" : state);
    task.finishedAtMs = nowMs();
    task.result = task.startFailure?.result ?? end.failure;
    this.#tasks.delete(task.taskId);
    this.#waiting.delete(task.taskId);
    if (task.workerId !== undefined) workers.release(task.workerId, task.taskId);
    this.#say(task, end.reason);
    this.#save(task);
    task.changed.notify();
    task.credential.end(taskEnded(task));
    task.owner.leaving(task);
    task.owner.ended(task, end);
    this.ended.notify();
    this.#options.logs.wake(task.facts.appId);
    this.placeWaiting();
  }

  /** A log item that carries the task's state, with words for a spinner. */
  #say(task: Task, description: string): void {
    const item = create(TaskLogsSchema, {
      taskState: wireStates[task.state],
      taskProgress: { progressType: ProgressType.FUNCTION_QUEUED, description },
      timestamp: this.#options.nowMs() / 1000,
      containerId: task.taskId,
      containerName: task.facts.tag,
    });
    void this.#log(task, [item]);
  }

  /** A line of the platform's own, among the user's. */
  #note(task: Task, text: string): void {
    const timestamp = this.#options.nowMs() / 1000;
    const fileDescriptor = FileDescriptor.INFO;
    void this.#log(task, [create(TaskLogsSchema, { data: `${text}\n`, fileDescriptor, timestamp })]);
  }

  async #log(task: Task, items: TaskLogs[], origin?: LogOrigin): Promise<void> {
    const { taskId, functionId, appId } = task.facts;
    if (task.owner.receiveLogs) await task.owner.receiveLogs(items);
    else await this.#options.logs.append(appId, { taskId, functionId }, items, origin);
  }

  #save(task: Task): void {
    this.#options.store.save(task).catch((error: unknown) => {
      this.#options.logger.error({ err: error, taskId: task.taskId }, "a task could not be saved");
    });
  }
}

function taskEnded({ taskId }: Task): AppError {
  return new AppError("TASK_ENDED", `The container ${taskId} has ended.`, {
    status: "UNAUTHENTICATED",
    remedy: "What a container was given ends with it: pass results on before it ends.",
  });
}
