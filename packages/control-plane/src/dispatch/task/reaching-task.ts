import type { ReachingTask } from "../../access/permission/reach.ts";
import type { Task } from "./task.ts";

/** A task as it is held to what it may reach. */
export function reachingTask(task: Task): ReachingTask {
  const { appId, functionId, isUntrusted } = task.facts;
  return {
    appId,
    functionId,
    isUntrusted,
    worksOn: (id) => task.inputs.worksOn(id),
  };
}
