import { AppError } from "@dorian/base/app-error";
import { Deadline } from "@dorian/base/deadline";
import type { ModalClient } from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { AppDirectory } from "../ports.ts";
import type { Task } from "./task.ts";
import { wireStates } from "./task-state.ts";
import type { TaskStore } from "./task-store.ts";
import type { TaskStarts } from "./task-starts.ts";
import type { Tasks } from "./tasks.ts";

export interface TaskHandlersOptions {
  tasks: Tasks;
  starts: TaskStarts;
  store: TaskStore;
  apps: AppDirectory;
  graceSecs: number;
}

type Handlers = Required<
  Pick<
    ServiceHandlers<typeof ModalClient>,
    | "containerHello"
    | "containerHeartbeat"
    | "containerCheckpoint"
    | "containerStop"
    | "functionGetInputs"
    | "functionPutOutputs"
    | "taskResult"
    | "taskList"
    | "taskGetInfo"
  >
>;

/** Containers ask again 15 s after their last heartbeat, so an answer may wait a little less. */
const heartbeatHoldMs = 14_000;

const killSwitch = { inputs: [{ killSwitch: true }] };

/** What containers say and ask, and what is told about them. */
export function taskHandlers(options: TaskHandlersOptions): Handlers {
  const { tasks, starts, store, apps, graceSecs } = options;
  return {
    async containerHello(_request, context) {
      const task = callingTask(tasks, context);
      if (task) starts.hello(task);
      return {};
    },

    // Held until there is something to cancel, which then reaches the container at once.
    async containerHeartbeat(request, context) {
      const task = callingTask(tasks, context);
      if (!task) return {};
      task.confirmsCancellation = request.canceledInputsReturnOutputsV2;
      const { cancellations } = task.inputs;
      const { idempotencyKey: key, signal } = context;
      cancellations.asked(key);
      const deadline = new Deadline(heartbeatHoldMs);
      while (!cancellations.isDue(key) && !task.isOver && !deadline.isOver) {
        await task.changed.wait({ signal, timeoutMs: deadline.leftMs });
      }
      const inputIds = cancellations.tell(key);
      return inputIds.length === 0 ? {} : { cancelInputEvent: { inputIds } };
    },

    // Its worker answers it, which takes the snapshot.
    async containerCheckpoint() {
      return {};
    },

    async containerStop(request, context) {
      const { identity } = context;
      if (identity.kind === "task" && identity.taskId !== request.taskId) {
        throw new AppError("TASK_NOT_YOURS", "A container may stop itself only.", {
          status: "PERMISSION_DENIED",
          remedy: "Stop other containers from outside, with `dorian container stop`.",
        });
      }
      const task = tasks.get(request.taskId);
      if (!task) {
        // Asking twice is no fault.
        if (await store.load(request.taskId)) return {};
        throw taskNotFound(request.taskId);
      }
      // From inside it means: no more inputs. From outside it means the container.
      if (identity.kind === "task") tasks.drain(task, "it asked for no more inputs");
      else {
        tasks.stop(task, { graceSecs: request.kill ? 0 : graceSecs, reason: "stopped on request" });
      }
      return {};
    },

    async functionGetInputs(request, context) {
      const task = callingTask(tasks, context);
      if (!task) return killSwitch;
      starts.ready(task);
      const inputs = await task.owner.nextInputs(task, {
        key: context.idempotencyKey,
        signal: context.signal,
        batch: { maxSize: request.batchMaxSize, lingerMs: Number(request.batchLingerMs) },
      });
      if (inputs.length > 0) return { inputs };
      if (!task.isLeaving) return {};
      tasks.toldToExit(task);
      return killSwitch;
    },

    async functionPutOutputs(request, context) {
      const task = callingTask(tasks, context);
      // A container that the server has given up: its inputs are with others now.
      if (!task) return {};
      await Promise.all(request.outputs.map((output) => task.owner.putOutput(task, output)));
      return {};
    },

    async taskResult(request, context) {
      const task = callingTask(tasks, context);
      if (task && request.result) starts.failed(task, request.result);
      return {};
    },

    async taskList(request) {
      return {
        tasks: tasks.live
          .filter((task) => request.appId === "" || task.facts.appId === request.appId)
          .filter((task) => {
            const { environmentName } = request;
            return (
              environmentName === "" || apps.lookupApp(task.facts.appId)?.environment === environmentName
            );
          })
          .map((task) => ({
            taskId: task.taskId,
            appId: task.facts.appId,
            appDescription: apps.lookupApp(task.facts.appId)?.description ?? "",
            startedAt: (task.startedAtMs ?? 0) / 1000,
            enqueuedAt: task.facts.enqueuedAtMs / 1000,
            functionTag: task.facts.tag,
            state: wireStates[task.state],
            pendingReason: task.pendingReason,
            workerName: task.workerName,
            imageId: task.facts.imageId,
          })),
      };
    },

    async taskGetInfo(request) {
      const task = tasks.get(request.taskId) ?? (await store.load(request.taskId));
      if (!task) throw taskNotFound(request.taskId);
      const gpu = task.gpus[0];
      return {
        appId: task.facts.appId,
        info: {
          id: task.taskId,
          enqueuedAt: task.facts.enqueuedAtMs / 1000,
          startedAt: (task.startedAtMs ?? 0) / 1000,
          finishedAt: (task.finishedAtMs ?? 0) / 1000,
          ...(task.result ? { result: task.result } : {}),
          ...(gpu ? { gpuType: gpu.type, gpuConfig: { gpuType: gpu.type, count: task.gpus.length } } : {}),
        },
      };
    },
  };
}

export function taskNotFound(taskId: string): AppError {
  return new AppError("TASK_NOT_FOUND", `There is no container ${taskId}.`, {
    status: "NOT_FOUND",
    remedy: "`dorian container list` shows the running ones.",
  });
}

/** The container that calls; undefined when the server does not count on it any more. */
function callingTask(tasks: Tasks, context: CallContext): Task | undefined {
  const { identity } = context;
  if (identity.kind === "task") return tasks.get(identity.taskId);
  throw new AppError("CALLER_NOT_A_CONTAINER", "Only a container may ask this.", {
    status: "PERMISSION_DENIED",
    remedy: "Call functions with FunctionMap from outside.",
  });
}
