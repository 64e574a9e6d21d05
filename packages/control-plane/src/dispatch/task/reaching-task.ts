import type { ReachingTask } from "../../access/permission/reach.ts";
import type { Task } from "./task.ts";

/** A task as it is held to what it may reach. */
export function reachingTask(task: Task): ReachingTask {
  const { appId, functionId, isUntrusted } = task.facts;
  return {
    appId,
    functionId,
    isUntrusted,
    worksOn: (id) =>
      [...task.running.values()].some(({ input }) => {
        const args = input.request?.argsOneof;
        const isBlob = args?.case === "argsBlobId" && args.value === id;
        return isBlob || input.inputId === id || input.call.facts.callId === id;
      }),
  };
}
