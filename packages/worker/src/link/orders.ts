import { AppError } from "@dorian/base/app-error";
import { assertNever } from "@dorian/base/must";
import type { Container } from "../container/runtime.ts";
import type { TaskEnd } from "../task/task-end.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Builds } from "../image/builds.ts";
import type { Execs } from "../container/execs.ts";
import type { ServerOrders } from "./server-link.ts";

export interface OrdersOptions {
  tasks: Tasks;
  builds: Builds;
  execs: Execs;
  onTaskEnded: (taskId: string, end: TaskEnd) => void;
  /** Tells the server once more what of a task it may have missed. */
  onTaskKept: (task: Task) => void;
}

/** Grace in milliseconds for a task that the server no longer counts on. */
const orphanGraceMs = 10_000;

/** The end of a task from before this worker was started: what still ran of it was killed then. */
const endOfUnknown: TaskEnd = { exitCode: -1, signal: "SIGKILL", outOfMemory: false, isUnknown: true };

/** Turns the server's orders into work on this machine. */
export function handleOrders(options: OrdersOptions): ServerOrders {
  const { tasks, builds, execs, onTaskEnded, onTaskKept } = options;
  return {
    onWelcome({ taskIds, buildIds, execIds, execReports }) {
      builds.reconcile(buildIds);
      execs.connected(execIds, execReports);
      for (const task of tasks.running) {
        if (taskIds.includes(task.taskId)) onTaskKept(task);
        else {
          void task.stop({ graceMs: orphanGraceMs, reason: "the server does not count on it any more" });
        }
      }
      for (const taskId of taskIds) {
        if (tasks.get(taskId)) continue;
        onTaskEnded(taskId, tasks.endOf(taskId) ?? endOfUnknown);
      }
    },
    onDisconnected: () => execs.disconnected(),
    onOrder(message) {
      switch (message.case) {
        case "startTask":
          tasks.start(message.value);
          break;
        case "stopTask":
          void tasks.get(message.value.taskId)?.stop({
            graceMs: message.value.graceSecs * 1000,
            responseMs: message.value.responseSecs * 1000,
            reason: message.value.reason,
          });
          break;
        case "startBuild":
          void builds.start(message.value);
          break;
        case "cancelBuild":
          builds.cancel(message.value.buildId, message.value.reason);
          break;
        case "execStart":
          void execs.start(message.value, (taskId, { signal }) => containerOf(tasks, taskId, signal));
          break;
        case "execInput":
          execs.input(message.value);
          break;
        default:
          assertNever(message);
      }
    },
  };
}

function containerOf(tasks: Tasks, taskId: string, signal: AbortSignal): Promise<Container> {
  const task = tasks.get(taskId);
  if (task) return task.whenRunning({ signal });
  throw new AppError("TASK_NOT_RUNNING", `Container ${taskId} is not running.`, {
    status: "NOT_FOUND",
    remedy: "`dorian container list` shows the running ones.",
  });
}
