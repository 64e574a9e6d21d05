import { AppError } from "@dorian/base/app-error";
import { Notifier } from "@dorian/base/notifier";
import type { Workers } from "../fleet/workers.ts";
import { failureOfEnd } from "./start-failure.ts";
import type { StopOptions, Task, TaskEnd } from "./task.ts";
import type { TaskLog } from "./task-log.ts";
import type { TaskStore } from "./task-store.ts";

export interface TasksOptions {
  workers: Workers;
  store: TaskStore;
  log: TaskLog;
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  graceSecs: number;
}

/** Time that a worker gets beyond a container's grace before it is believed to have lost it. */
const stopPatienceMs = 15_000;
/** Time for code to let go of cancelled inputs when its container is not wanted any more. */
const letGoMs = 5_000;
/** Time for `@exit` after the kill switch. */
const exitPatienceMs = 30_000;

/** Every container there is, and how each ends: of itself, when it is drained, or when it is stopped. */
export class Tasks implements Disposable {
  #options: TasksOptions;
  #tasks = new Map<string, Task>();
  #onRoom: () => void = () => undefined;
  /** Notified of every end. */
  readonly ended = new Notifier();

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Calls this when an end has left room for others. */
  whenRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  add(task: Task): void {
    this.#tasks.set(task.taskId, task);
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

  /** Resolves when the app has no containers. */
  async whenGone(appId: string, options: { signal: AbortSignal }): Promise<void> {
    while (this.liveOf(appId).length > 0) await this.ended.wait(options);
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
    this.#options.store.save(task);
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

  /** It says that it is about to exit, because it cannot start. */
  givesUp(task: Task): void {
    task.move("draining");
    this.#limitExit(task, "it failed to start");
  }

  /** SIGINT, then SIGKILL after the grace; 0 kills at once. */
  stop(task: Task, options: StopOptions): void {
    if (task.isOver) return;
    task.stopReason ??= options.reason;
    if (task.state === "queued") {
      this.end(task, "exited", { reason: options.reason });
      return;
    }
    if (task.state !== "stopping") {
      this.#serves(task);
      task.move("stopping");
      task.owner.leaving(task);
      this.#options.store.save(task);
    }
    // A later order counts only when it lets the container live less long.
    const killAtMs = this.#options.elapsedMs() + options.graceSecs * 1000;
    if (options.graceSecs > 0 && killAtMs >= task.killAtMs) return;
    task.killAtMs = killAtMs;
    task.stopOrder = options;
    task.after(options.graceSecs * 1000 + stopPatienceMs, () =>
      this.end(task, "lost", { reason: "Its worker did not report its end." }),
    );
    this.#sendStop(task, options);
  }

  /** Tells a worker that is back what it may have missed. */
  repeatStop(task: Task): void {
    if (task.state !== "stopping") return;
    const { stopOrder, killAtMs } = task;
    const restSecs = Math.max(0, Math.ceil((killAtMs - this.#options.elapsedMs()) / 1000));
    const graceSecs = Math.min(restSecs, stopOrder?.graceSecs ?? this.#options.graceSecs);
    this.#sendStop(task, { reason: task.stopReason ?? "", ...stopOrder, graceSecs });
  }

  /** Gives up a container of before a restart: its worker will be told to stop it. */
  abandon(task: Task): void {
    task.stopReason = "The server restarted.";
    this.end(task, "exited", { reason: task.stopReason });
  }

  /** It has ended, or nobody knows where it is: its room is free, and its owner decides about its inputs. */
  end(task: Task, state: "exited" | "lost", facts: Partial<TaskEnd> & { reason: string }): void {
    if (task.isOver) return;
    const { workers, store, log, nowMs } = this.#options;
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
    if (failure) task.failStart(failure);
    // A queued task was never anywhere: it cannot be lost.
    task.move(task.state === "queued" ? "exited" : state);
    task.finishedAtMs = nowMs();
    this.#serves(task);
    if (task.workerId !== undefined) task.timeline.end("exit", task.finishedAtMs);
    task.result = task.startFailure?.result ?? end.failure;
    this.#tasks.delete(task.taskId);
    if (task.workerId !== undefined) workers.release(task.workerId, task.taskId);
    log.showState(task, end.reason);
    store.save(task);
    task.changed.notify();
    task.credential.end(taskEnded(task));
    task.owner.leaving(task);
    task.owner.ended(task, end);
    this.ended.notify();
    log.wakeReaders(task);
    this.#onRoom();
  }

  [Symbol.dispose](): void {
    for (const task of this.#tasks.values()) {
      task.cancelTimer();
      task.inputs[Symbol.dispose]();
    }
  }

  /** It did up to now, if it was ever ready to. */
  #serves(task: Task): void {
    if (task.wasReady) task.timeline.end("serve", this.#options.nowMs());
  }

  #limitExit(task: Task, reason = "it did not exit when it was asked to"): void {
    this.#serves(task);
    task.after(exitPatienceMs, () => this.stop(task, { graceSecs: 10, reason }));
  }

  #sendStop(task: Task, options: StopOptions): void {
    const { graceSecs, responseSecs = 0 } = options;
    const reason = options.quiet ? "" : options.reason;
    this.#options.workers.send(task.workerId ?? "", {
      case: "stopTask",
      value: { taskId: task.taskId, graceSecs, reason, responseSecs },
    });
  }
}

function taskEnded({ taskId }: Task): AppError {
  return new AppError("TASK_ENDED", `The container ${taskId} has ended.`, {
    status: "UNAUTHENTICATED",
    remedy: "What a container was given ends with it: pass results on before it ends.",
  });
}
