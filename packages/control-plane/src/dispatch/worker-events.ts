import { assertNever } from "@dorian/base/must";
import type { Builds } from "./build/builds.ts";
import type { Execs } from "./exec/execs.ts";
import type { WorkerEvents, WorkerReport } from "./fleet/worker-listener.ts";
import type { WorkerLogs } from "./log/worker-logs.ts";
import type { WebPorts } from "./ports.ts";
import { handOver } from "./task/hand-over.ts";
import type { TaskReports } from "./task/task-reports.ts";
import type { TaskStarts } from "./task/task-starts.ts";
import type { Tasks } from "./task/tasks.ts";

export interface WorkerEventsOptions {
  tasks: Tasks;
  starts: TaskStarts;
  taskReports: TaskReports;
  builds: Builds;
  execs: Execs;
  workerLogs: WorkerLogs;
  httpPort: number;
  webPorts: WebPorts | undefined;
}

/** Passes on what workers say to those whom it concerns. */
export function workerEvents(options: WorkerEventsOptions): WorkerEvents {
  const { tasks, starts, taskReports, builds, execs, workerLogs, httpPort, webPorts } = options;
  const reported = (workerId: string, report: WorkerReport): void => {
    switch (report.case) {
      case "taskPhase":
        taskReports.phase(report.value);
        break;
      case "taskInputs":
        taskReports.worksOn(report.value);
        break;
      case "taskExited":
        taskReports.exited(report.value);
        break;
      case "logs":
        workerLogs.received(workerId, report.value);
        break;
      case "buildFinished":
        builds.finished(report.value);
        break;
      case "execOutput":
        execs.reported(report.value);
        break;
      case "snapshotTaken":
        taskReports.snapshotTaken(report.value);
        break;
      case "snapshotUnusable":
        taskReports.snapshotUnusable(report.value);
        break;
      case "disk":
        starts.placeWaiting();
        break;
      case "hello":
      case "heartbeat":
        break;
      default:
        assertNever(report);
    }
  };
  return {
    joined(workerId) {
      const execReports = execs.onWorker(workerId);
      return {
        taskIds: tasks.onWorker(workerId).map((task) => task.taskId),
        buildIds: builds.onWorker(workerId),
        execIds: Object.keys(execReports),
        execReports,
        logsKept: workerLogs.keptOf(workerId),
        httpPort,
        webPorts: { ports: webPorts?.current() ?? [] },
      };
    },
    welcomed(workerId, { execInputs }) {
      taskReports.welcomed(workerId);
      execs.welcomed(workerId, execInputs);
    },
    reported,
    drains: (workerId, name) => handOver(tasks, { workerId, name }),
    resumed: () => starts.placeWaiting(),
    lost(workerId, name) {
      builds.workerLost(workerId, name);
      execs.workerLost(workerId, name);
      taskReports.workerLost(workerId, name);
    },
  };
}
