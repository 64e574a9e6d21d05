import type { Snapshots } from "../snapshot/snapshots.ts";
import { snapshotNote } from "../snapshot/snapshot-note.ts";
import type {
  LogBatch,
  SnapshotTaken,
  SnapshotUnusable,
  TaskExited,
  TaskInputs,
  TaskPhase,
} from "@dorian/protocol/worker";
import { causeOfEnd } from "../failure/cause.ts";
import { endReason } from "../failure/end-reason.ts";
import type { LogOrigin } from "../log/log-writer.ts";
import type { TaskLog } from "./task-log.ts";
import type { TaskStarts } from "./task-starts.ts";
import type { TaskStore } from "./task-store.ts";
import type { Tasks } from "./tasks.ts";

export interface TaskReportsOptions {
  tasks: Tasks;
  starts: TaskStarts;
  store: TaskStore;
  log: TaskLog;
  snapshots: Snapshots;
}

/** What workers report of containers, and what the connection to a worker says about them. */
export class TaskReports {
  #options: TaskReportsOptions;

  constructor(options: TaskReportsOptions) {
    this.#options = options;
  }

  /** A worker is back. */
  welcomed(workerId: string): void {
    const { tasks, starts } = this.#options;
    for (const task of tasks.onWorker(workerId)) tasks.repeatStop(task);
    starts.placeWaiting();
  }

  workerLost(workerId: string, name: string): void {
    const { tasks, starts, log } = this.#options;
    for (const task of tasks.onWorker(workerId)) {
      const reason = `Worker ${name} was lost.`;
      log.note(task, reason);
      tasks.end(task, "lost", { reason });
    }
    // With fewer workers, the reason for waiting may be another.
    starts.placeWaiting();
  }

  /** A phase of a start is over. */
  phase(report: TaskPhase): void {
    const { tasks, starts, store, log } = this.#options;
    const task = tasks.get(report.taskId);
    if (!task) return;
    task.timeline.end(report.phase, report.endedAt * 1000);
    if (!task.toldPhases.has(report.phase)) task.bytesCopied += Number(report.bytesCopied);
    task.toldPhases.add(report.phase);
    task.startedAtMs ??= report.startedAt * 1000;
    if (report.phase === "image") log.showState(task, "creating the container");
    // Not every client says hello itself.
    if (report.phase === "boot") starts.hello(task);
    // A sandbox asks for no inputs: it is ready when its command runs.
    if (report.phase === "enter") {
      starts.ready(task);
      void this.#options.snapshots.settled(task, "ready");
    }
    if (task.wasReady) store.save(task);
  }

  /** What a container works on, as its worker sees it. */
  worksOn({ taskId, inputIds }: TaskInputs): void {
    const task = this.#options.tasks.get(taskId);
    task?.owner.worksOn?.(task, inputIds);
  }

  snapshotTaken(report: SnapshotTaken): void {
    const { tasks, log, snapshots } = this.#options;
    const task = tasks.get(report.taskId);
    if (!task) return;
    log.note(task, snapshotNote(report));
    void snapshots.taken(task, report);
  }

  snapshotUnusable(report: SnapshotUnusable): void {
    const task = this.#options.tasks.get(report.taskId);
    if (task) void this.#options.snapshots.settled(task, "failed");
  }

  exited(report: TaskExited): void {
    const { tasks, log, snapshots } = this.#options;
    const task = tasks.get(report.taskId);
    if (!task) return;
    const reason = endReason(report);
    const isUnasked = task.stopReason === undefined;
    void snapshots.exited(task, isUnasked && !report.interrupted ? "failed" : "ready");
    const isUnwanted = isUnasked && (report.exitCode !== 0 || report.signal !== "");
    // One that was no longer wanted before it had started has not failed.
    const hasFailed = report.failure !== undefined && (isUnasked || task.wasReady);
    if ((isUnwanted && !report.interrupted) || hasFailed) log.note(task, reason);
    // Its worker stops: another one shall do what it had.
    const isHandedBack = report.interrupted && (report.exitCode !== 0 || report.signal !== "");
    tasks.end(task, isHandedBack && task.state !== "queued" ? "lost" : "exited", {
      cause: causeOfEnd(report, { isStopping: task.state === "stopping", saidHello: task.saidHello }),
      reason,
      failure: report.failure,
      exitCode: report.exitCode,
      rootFrozen: report.rootFrozen,
      frozenLayerId: report.frozenLayerId,
      frozenBytes: Number(report.frozenBytes),
    });
  }

  /** Resolves when the lines are on disk, or nobody has a use for them. */
  async logs(report: LogBatch, origin: LogOrigin): Promise<void> {
    const { tasks, store, log } = this.#options;
    // The end of one is told without its last lines when those could not be sent in time.
    const task = tasks.get(report.taskId) ?? (await store.load(report.taskId));
    if (task && !(task.isOver && task.facts.isBuilder)) await log.append(task, report.items, origin);
  }
}
