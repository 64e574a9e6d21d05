import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import type { GenericResult } from "@dorian/protocol/modal";
import type { Logger } from "pino";
import { serverResult } from "../call/results.ts";
import type { Workers } from "../fleet/workers.ts";
import { neverPlaced } from "../placement/never-placed.ts";
import type { Placement } from "../placement/placement.ts";
import { resourceRequestOf } from "../placement/resource-request.ts";
import type { FunctionCatalog, FunctionSpec } from "../ports.ts";
import { startupTimeoutMs } from "../scaling/scaling-settings.ts";
import type { Snapshots } from "../snapshot/snapshots.ts";
import { withSnapshot } from "../snapshot/with-snapshot.ts";
import { failureOfCode, failureOfPlan, failureOfTime } from "./start-failure.ts";
import { factsOf, Task, type TaskOwner } from "./task.ts";
import type { TaskLog } from "./task-log.ts";
import type { TaskStore } from "./task-store.ts";
import { TaskTimeline } from "./task-timeline.ts";
import type { Tasks } from "./tasks.ts";
import { WaitingTasks } from "./waiting-tasks.ts";

export interface TaskStartsOptions {
  catalog: FunctionCatalog;
  workers: Workers;
  tasks: Tasks;
  snapshots: Snapshots;
  store: TaskStore;
  log: TaskLog;
  logger: Logger;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  graceSecs: number;
  /** Calls of what no worker can ever run fail instead of waiting for one that can. */
  failFast: boolean;
}

/** Time beyond the user's limit for the start in which the container's process must run. */
const platformAllowanceMs = 60_000;
/** Time for user code to end in good order whose start has taken too long: nobody waits for what it still does. */
const startTimeoutGraceSecs = 1;
/** Time in which workers come back from a restart, theirs or the server's, before what they could run fails. */
const workersReturnMs = 2_000;

/** The way of a container from being wanted to asking for inputs: its place, the order to its worker, the limits of its start. */
export class TaskStarts implements Disposable {
  #options: TaskStartsOptions;
  #waiting: WaitingTasks;

  constructor(options: TaskStartsOptions) {
    this.#options = options;
    const { tasks, workers, elapsedMs } = options;
    this.#waiting = new WaitingTasks({
      offers: () => workers.offers(),
      live: () => tasks.live,
      elapsedMs,
      events: {
        placed: (task, placement, freezeRoot) => this.#placed(task, placement, freezeRoot),
        waits: (task, { reason, unmet }) => this.#waits(task, reason, unmet),
        evicted: (task, sake) => tasks.drain(task, `${sake.facts.tag} needs its room`),
      },
    });
    tasks.whenRoom(() => this.placeWaiting());
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
    this.#options.tasks.add(task);
    this.#waiting.add(task, options.freezeRoot);
    return task;
  }

  /** Goes on with a container from before a restart of the server. */
  adopt(task: Task): void {
    const { tasks, workers, elapsedMs } = this.#options;
    tasks.add(task);
    if (task.workerId === undefined) {
      tasks.end(task, "exited", { reason: "The server restarted before it was placed." });
      return;
    }
    workers.expect(task.workerId, task.workerName);
    workers.reserve(task.workerId, task.taskId, task.uses);
    task.idleSinceMs = elapsedMs();
    if (task.state === "ready") task.moments.ready = task.idleSinceMs;
    if (task.isStarting) this.#limitStart(task);
  }

  /** Its process runs. */
  hello(task: Task): void {
    task.timeline.end("boot", this.#options.nowMs());
    if (task.state !== "assigned") return;
    task.move("starting");
    this.#limitStart(task);
    this.#options.log.showState(task, "importing code and running @enter");
  }

  /** It asks for inputs. */
  ready(task: Task): void {
    if (!task.isStarting) return;
    const { store, log, nowMs, elapsedMs } = this.#options;
    task.cancelTimer();
    task.timeline.end("enter", nowMs());
    task.idleSinceMs = elapsedMs();
    task.moments.ready = task.idleSinceMs;
    task.move("ready");
    log.showState(task, "ready");
    store.save(task);
    task.owner.ready(task);
  }

  /** It says itself that it cannot start, and will exit. */
  failed(task: Task, result: GenericResult): void {
    if (task.wasReady || task.isLeaving || task.state === "queued") return;
    this.#options.tasks.givesUp(task);
    task.failStart(failureOfCode(result));
  }

  /** Room may have become free, now. */
  placeWaiting(): void {
    this.#waiting.settle();
  }

  /** A container has nothing to do, or another has work: those that wait for room may get it, soon. */
  idlenessChanged(): void {
    this.#waiting.settleSoon();
  }

  [Symbol.dispose](): void {
    this.#waiting[Symbol.dispose]();
  }

  #waits(task: Task, reason: string, unmet: boolean): void {
    const { log } = this.#options;
    if (unmet) this.#failFast(task);
    if (task.pendingReason === reason) return;
    task.pendingReason = reason;
    log.showState(task, reason);
    if (unmet) log.note(task, `${task.facts.tag} cannot start: ${reason}.`);
  }

  /** Where that is wanted, fails what no worker can ever run, once those that are away had time to come back. */
  #failFast(task: Task): void {
    const { catalog, workers, tasks, failFast } = this.#options;
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
      task.failStart(failureOfCode(serverResult("INIT_FAILURE", text)));
      tasks.end(task, "exited", { reason: text });
    });
  }

  #placed(task: Task, placement: Extract<Placement, { kind: "placed" }>, freezeRoot: boolean): void {
    const { workers, store, log, nowMs, elapsedMs } = this.#options;
    task.pendingReason = "";
    task.workerId = placement.workerId;
    task.workerName = workers.nameOf(placement.workerId);
    task.gpus = placement.gpus;
    task.moments.placed = elapsedMs();
    workers.reserve(placement.workerId, task.taskId, task.uses);
    task.timeline.end("queue", nowMs());
    task.move("assigned");
    log.showState(task, `loading the image on ${task.workerName}`);
    store.save(task);
    void this.#launch(task, freezeRoot);
  }

  /** Tells its worker to run it. */
  async #launch(task: Task, freezeRoot: boolean): Promise<void> {
    const { catalog, workers, tasks, snapshots, log, nowMs, graceSecs, logger } = this.#options;
    try {
      const plan = await catalog.containerPlan(task.facts.functionId);
      if (task.isOver) return;
      if (task.state === "stopping") {
        tasks.end(task, "exited", { reason: task.stopReason ?? "It was stopped." });
        return;
      }
      task.timeline.end("place", nowMs());
      const snapshot = snapshots.forStart(task, plan, workers.snapshotEngineOf(task.workerId ?? ""));
      if (snapshot.kind === "none" && snapshot.note !== undefined) log.note(task, snapshot.note);
      task.volumeIds = new Set(plan.volumes.map(({ volumeId }) => volumeId));
      const sent = workers.send(task.workerId ?? "", {
        case: "startTask",
        value: {
          taskId: task.taskId,
          arguments: { ...withSnapshot(plan.arguments, snapshot), taskId: task.taskId },
          takesSnapshot: snapshot.kind === "take",
          ...(snapshot.kind === "restore" && {
            snapshotLayerId: snapshot.layerId,
            snapshotBytes: BigInt(snapshot.bytes),
          }),
          layerIds: plan.layerIds,
          config: plan.config,
          secretEnv: plan.secretEnv,
          volumes: plan.volumes,
          buckets: plan.buckets,
          command: plan.command ?? [],
          gpuDevices: task.gpus.map((gpu) => gpu.device),
          freezeRoot,
          enqueuedAt: task.facts.enqueuedAtMs / 1000,
          placedAt: nowMs() / 1000,
          graceSecs,
        },
      });
      task.changed.notify();
      if (sent) this.#limitStart(task);
      else tasks.end(task, "lost", { reason: `Worker ${task.workerName} was lost.` });
    } catch (error) {
      if (!AppError.is(error)) logger.error({ err: error }, "a container could not be planned");
      const failure = failureOfPlan(error);
      task.failStart(failure);
      tasks.end(task, "exited", { reason: failure.result.exception });
    }
  }

  #limitStart(task: Task): void {
    const { catalog, tasks, snapshots } = this.#options;
    const spec = catalog.spec(task.facts.functionId);
    if (!spec) return;
    const limitMs = startupTimeoutMs(spec.definition);
    // Until its process runs, time is the platform's.
    const allowanceMs = task.state === "assigned" ? platformAllowanceMs : 0;
    task.after(limitMs + allowanceMs, () => {
      const { saidHello } = task;
      const failure = failureOfTime(saidHello ? limitMs : limitMs + allowanceMs, { saidHello });
      // Its end will look as one that was asked for.
      void snapshots.settled(task, "failed");
      tasks.stop(task, { graceSecs: startTimeoutGraceSecs, reason: failure.result.exception });
      task.failStart(failure);
    });
  }
}
