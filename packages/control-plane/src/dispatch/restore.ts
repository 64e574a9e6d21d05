import { isId } from "@dorian/base/ids";
import type { Calls } from "./call/calls.ts";
import type { Pools } from "./pool/pools.ts";
import type { TaskStore } from "./task/task-store.ts";
import type { TaskStarts } from "./task/task-starts.ts";
import type { Tasks } from "./task/tasks.ts";

/** Containers that may still run keep their inputs; all other unfinished inputs wait for a container again. */
export async function restore(parts: {
  calls: Calls;
  pools: Pools;
  tasks: Tasks;
  starts: TaskStarts;
  taskStore: TaskStore;
}): Promise<void> {
  const { calls, pools, tasks, starts, taskStore } = parts;
  for (const task of await taskStore.live((row) => pools.of(row.function_id))) {
    // A build function's caller, and a sandbox's, is gone with the old process: nobody would take the result.
    if (task.facts.isBuilder || isId("sb", task.facts.functionId)) tasks.abandon(task);
    else {
      starts.adopt(task);
      if (!task.isOver) pools.of(task.facts.functionId).adopt(task);
    }
  }
  for (const input of await calls.restore()) {
    const task = input.state.kind === "running" ? tasks.get(input.state.taskId) : undefined;
    if (task) pools.of(input.call.facts.functionId).resume(task, input);
    else calls.interrupted(input, { cause: "asked", reason: "The server restarted.", inCompany: false });
  }
  pools.keepMinimums();
}
