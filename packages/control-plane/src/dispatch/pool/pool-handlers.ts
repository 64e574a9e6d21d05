import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import { create } from "@bufbuild/protobuf";
import { AutoscalerSettingsSchema } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { FunctionCatalog, SchedulingOverrides } from "../ports.ts";
import type { Task } from "../task/task.ts";
import type { Pools } from "./pools.ts";
import { scalingSettingsOf } from "../scaling/scaling-settings.ts";
import { functionNotFound } from "../../access/function-not-found.ts";

export interface PoolHandlersOptions {
  pools: Pools;
  catalog: FunctionCatalog;
  scheduling: SchedulingOverrides;
}

export function poolHandlers(
  options: PoolHandlersOptions,
): Pick<
  ServiceHandlers<typeof ModalClient>,
  "functionGetCurrentStats" | "functionGetDynamicConcurrency" | "functionUpdateSchedulingParams"
> {
  const { pools, catalog, scheduling } = options;
  const requireFunction = (functionId: string) => {
    if (catalog.spec(functionId)) return;
    throw functionNotFound(functionId);
  };
  return {
    async functionGetCurrentStats(request) {
      requireFunction(request.functionId);
      const pool = pools.lookup(request.functionId);
      const tasks = [...(pool?.tasks ?? [])].filter((task) => task.state !== "queued");
      const definition = catalog.spec(request.functionId)?.definition;
      const places = definition ? scalingSettingsOf(definition).targetConcurrency : 0;
      const free = (task: Task) => (task.state === "ready" ? Math.max(0, places - task.load) : 0);
      return {
        backlog: pool?.pending ?? 0,
        numActiveTasks: tasks.filter((task) => task.load > 0).length,
        numTotalTasks: tasks.length,
        numRunningInputs: tasks.reduce((sum, task) => sum + task.inputs.size, 0),
        inputHeadroom: tasks.reduce((sum, task) => sum + free(task), 0),
      };
    },

    // More than the target only while inputs wait: the containers that will relieve it take time to start.
    async functionGetDynamicConcurrency(request) {
      const { functionId, targetConcurrency, maxConcurrency } = request;
      const isBehind = (pools.lookup(functionId)?.pending ?? 0) > 0;
      return { concurrency: isBehind ? Math.max(targetConcurrency, maxConcurrency) : targetConcurrency };
    },

    async functionUpdateSchedulingParams(request) {
      requireFunction(request.functionId);
      const settings = create(AutoscalerSettingsSchema, request.settings);
      if (request.warmPoolSizeOverride > 0) settings.minContainers ??= request.warmPoolSizeOverride;
      const { minContainers = 0, maxContainers = 0 } = settings;
      if (maxContainers > 0 && minContainers > maxContainers) {
        throw new AppError(
          "AUTOSCALER_SETTINGS_INVALID",
          `${minContainers} for \`minContainers\` is more than ${maxContainers} for \`maxContainers\`.`,
          { status: "INVALID_ARGUMENT", remedy: "Lower the one or raise the other." },
        );
      }
      return { currentSettings: await scheduling.updateScheduling(request.functionId, settings) };
    },
  };
}
