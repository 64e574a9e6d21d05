import type { Calls } from "./call/calls.ts";
import type { AppLogs } from "./log/app-logs.ts";
import type { Pools } from "./pool/pools.ts";
import type { AppTasks, FunctionCatalog } from "./ports.ts";
import type { Snapshots } from "./snapshot/snapshots.ts";
import type { Tasks } from "./task/tasks.ts";

/** Time for the containers of a stopped app, whose inputs are all cancelled, to begin to stop. */
const responseSecs = 2;

export interface AppTasksOptions {
  calls: Calls;
  pools: Pools;
  tasks: Tasks;
  logs: AppLogs;
  snapshots: Snapshots;
  catalog: FunctionCatalog;
  graceSecs: number;
}

/** The containers and calls of an app, for whoever decides about its life. */
export function appTasks(options: AppTasksOptions): AppTasks {
  const { calls, pools, tasks, logs, snapshots, catalog, graceSecs } = options;
  return {
    async stopApp(appId, { reason, signal }) {
      const open = calls.openInputsOf(appId);
      await Promise.all(open.map((input) => pools.cancel(input, { terminateContainer: false, reason })));
      for (const task of tasks.liveOf(appId)) {
        const stop = { graceSecs, reason, responseSecs, quiet: true };
        // One without work hears of it when it asks for some, and need not be interrupted.
        const isIdle = task.state === "ready" && task.load === 0;
        // Python prints where it was whenever it is interrupted in its own exit, or beside a cancellation.
        const isPython = catalog.spec(task.facts.functionId)?.definition.nodeEntrypoint === undefined;
        const exits = isPython && (task.state === "ready" || task.state === "draining");
        if (isIdle || exits) tasks.release(task, stop);
        else tasks.stop(task, stop);
      }
      logs.wake(appId);
      await tasks.whenGone(appId, { signal });
      await snapshots.forgetOf((functionId) => catalog.spec(functionId)?.appId === appId);
      logs.wake(appId);
    },
    runningTaskCount: (appId) => tasks.liveOf(appId).filter((task) => task.state !== "queued").length,
    unfinishedInputCount: (appId) => calls.openInputsOf(appId).length,
  };
}
