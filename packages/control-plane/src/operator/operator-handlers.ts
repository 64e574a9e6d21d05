import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { Logger } from "pino";
import { taskNotFound } from "../task/task-handlers.ts";
import type { TaskStore } from "../task/task-store.ts";
import type { Tasks } from "../task/tasks.ts";
import type { Workers } from "../worker/workers.ts";
import type { Execs } from "../exec/execs.ts";
import { operatorExec } from "../exec/operator-exec.ts";

export interface OperatorHandlersOptions {
  version: string;
  dataDirectory: string;
  workers: Workers;
  tasks: Tasks;
  store: TaskStore;
  execs: Execs;
  logger: Logger;
}

export function operatorHandlers(
  options: OperatorHandlersOptions,
): Pick<ServiceHandlers<typeof OperatorService>, "serverInfo" | "taskTimeline" | "containerExec"> {
  const { workers, tasks, store, execs, logger } = options;
  return {
    async serverInfo() {
      return {
        version: options.version,
        dataDirectory: options.dataDirectory,
        workers: workers.offers().map((offer) => ({
          name: offer.name,
          milliCpu: offer.total.milliCpu,
          memoryMb: BigInt(offer.total.memoryMb),
          gpus: offer.total.gpus.map((gpu) => gpu.type),
          simulatedGpus: offer.simulatedGpus,
          runningTasks: tasks.onWorker(offer.workerId).length,
        })),
      };
    },

    async taskTimeline(request) {
      const task = tasks.get(request.taskId) ?? (await store.load(request.taskId));
      if (!task) throw taskNotFound(request.taskId);
      return {
        taskId: task.taskId,
        functionTag: task.facts.tag,
        phases: task.timeline.phases.map((phase) => ({
          name: phase.name,
          startedAt: phase.startedAtMs / 1000,
          endedAt: phase.endedAtMs / 1000,
        })),
        bytesCopied: BigInt(task.bytesCopied),
        imageId: task.facts.imageId,
      };
    },

    containerExec: (requests, context) => operatorExec(requests, { execs, context, logger }),
  };
}
