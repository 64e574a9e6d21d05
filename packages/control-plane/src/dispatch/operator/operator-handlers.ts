import { AppError } from "@dorian/base/app-error";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import { diskRoomMessage } from "@dorian/protocol/convention/disk-room";
import type { DiskRoom } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import { knownMigrations } from "../../database/migrate.ts";
import { taskNotFound } from "../task/task-handlers.ts";
import { timelineMessage } from "../task/timeline-message.ts";
import type { TaskStore } from "../task/task-store.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Builds } from "../build/builds.ts";
import type { Workers } from "../fleet/workers.ts";
import type { Execs } from "../exec/execs.ts";
import { operatorExec } from "../exec/operator-exec.ts";

export interface OperatorHandlersOptions {
  version: string;
  dataDirectory: string;
  workers: Workers;
  builds: Builds;
  tasks: Tasks;
  store: TaskStore;
  execs: Execs;
  /** Room in the data directory. */
  room: (() => DiskRoom) | undefined;
  logger: Logger;
}

export function operatorHandlers(
  options: OperatorHandlersOptions,
): Pick<
  ServiceHandlers<typeof OperatorService>,
  "serverInfo" | "workerDrain" | "taskTimeline" | "containerExec"
> {
  const { workers, builds, tasks, store, execs, logger } = options;
  return {
    async serverInfo() {
      return {
        version: options.version,
        dataDirectory: options.dataDirectory,
        migrations: knownMigrations(),
        workers: workers.connected().map((offer) => ({
          name: offer.name,
          milliCpu: offer.total.milliCpu,
          memoryMb: BigInt(offer.total.memoryMb),
          gpus: offer.total.gpus.map((gpu) => gpu.type),
          simulatedGpus: offer.simulatedGpus,
          runningTasks: tasks.onWorker(offer.workerId).length,
          workerId: offer.workerId,
          standing: offer.standing,
          runningInputs: tasks.onWorker(offer.workerId).reduce((sum, task) => sum + task.load, 0),
          runningBuilds: builds.onWorker(offer.workerId).length,
          ...(offer.disk ? { disk: offer.disk } : {}),
        })),
        ...(options.room ? { disk: diskRoomMessage(options.room()) } : {}),
      };
    },

    async workerDrain(request) {
      const { workerId, name, standing } = workerNamed(workers, request.worker);
      workers.setStanding(workerId, request.undo ? "serving" : "draining");
      return { workerId, name, standing };
    },

    async taskTimeline(request) {
      const task = tasks.get(request.taskId) ?? (await store.load(request.taskId));
      if (!task) throw taskNotFound(request.taskId);
      return timelineMessage(task);
    },

    containerExec: (requests, context) => operatorExec(requests, { execs, context, logger }),
  };
}

/** Finds a worker by its id, or by a name that no other has. @throws AppError WORKER_NOT_FOUND, WORKER_NAME_AMBIGUOUS */
function workerNamed(workers: Workers, text: string): { workerId: string; name: string; standing: string } {
  const connected = workers.connected();
  const found = connected.filter(({ workerId, name }) => workerId === text || name === text);
  const [worker] = found;
  if (!worker) {
    throw new AppError("WORKER_NOT_FOUND", `No worker ${text} is connected.`, {
      status: "NOT_FOUND",
      remedy: "`dorian worker list` shows those that are.",
    });
  }
  if (found.length > 1) {
    const ids = found.map(({ workerId }) => workerId).join(", ");
    throw new AppError("WORKER_NAME_AMBIGUOUS", `${found.length} workers are named ${text}.`, {
      status: "INVALID_ARGUMENT",
      remedy: `Name one by its id: ${ids}.`,
    });
  }
  return worker;
}
