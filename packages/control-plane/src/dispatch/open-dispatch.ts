import { isId } from "@dorian/base/ids";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import { callHandlers } from "./call/call-handlers.ts";
import { callInfoHandlers } from "./call/call-info-handlers.ts";
import { callListHandlers } from "./call/call-list-handlers.ts";
import { callShowHandlers } from "./call/call-show-handlers.ts";
import { CallBytes } from "./call/call-bytes.ts";
import { usualCallBytes } from "./call/call-retention.ts";
import { CallStore } from "./call/call-store.ts";
import { CallForgetting } from "./call/forget-calls.ts";
import { forgetExpired, keepForgetting, type ExpiringHistory } from "./retention/forget-expired.ts";
import { Calls } from "./call/calls.ts";
import { dataHandlers } from "./call/data-handlers.ts";
import { MemoryBudget } from "./call/memory-budget.ts";
import { outputHandlers } from "./call/output-handlers.ts";
import { streamedCalls } from "./call/streamed-call.ts";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import { commandRouterHandlers } from "./exec/command-router-handlers.ts";
import { containerExecHandlers } from "./exec/container-exec-handlers.ts";
import { Execs } from "./exec/execs.ts";
import { AppLogs } from "./log/app-logs.ts";
import { ExpiredLogs } from "./log/expired-logs.ts";
import { WorkerLogs } from "./log/worker-logs.ts";
import { logHandlers } from "./log/log-handlers.ts";
import { storedLogHandlers } from "./log/stored-log-handlers.ts";
import { operatorHandlers } from "./operator/operator-handlers.ts";
import { poolHandlers } from "./pool/pool-handlers.ts";
import { Pools } from "./pool/pools.ts";
import type { AppDirectory, FunctionCatalog, SchedulingOverrides, WebPorts } from "./ports.ts";
import { restore } from "./restore.ts";
import { appTasks } from "./app-tasks.ts";
import { workerEvents } from "./worker-events.ts";
import { Schedules } from "./schedule/schedules.ts";
import { snapshotHandlers } from "./snapshot/snapshot-handlers.ts";
import { Snapshots } from "./snapshot/snapshots.ts";
import { TaskLog } from "./task/task-log.ts";
import { TaskReports } from "./task/task-reports.ts";
import { TaskStarts } from "./task/task-starts.ts";
import { TaskStore } from "./task/task-store.ts";
import { exchangeHandlers } from "./task/input-exchange.ts";
import { taskHandlers } from "./task/task-handlers.ts";
import { Tasks } from "./task/tasks.ts";
import { Builds } from "./build/builds.ts";
import { runBuilderWith } from "./build/builder-runs.ts";
import { Workers } from "./fleet/workers.ts";

export interface DispatchOptions {
  db: Database;
  journal: Journal;
  catalog: FunctionCatalog;
  apps: AppDirectory;
  scheduling: SchedulingOverrides;
  /** The bytes of a blob that a client or a container has uploaded. */
  readBlob: (blobId: string) => Promise<Uint8Array>;
  /** Environment variables of secrets, for commands that run in containers. */
  secretEnv: (secretIds: readonly string[]) => Record<string, string>;
  /** Where workers find the HTTP server, for their containers. */
  httpPort: number;
  /** At which web functions are reached. Default: none. */
  webPorts?: WebPorts;
  dataDirectory: string;
  /** See {@link Workers}. */
  dataDirectoryId: string | undefined;
  version: string;
  logger: Logger;
  /** Milliseconds since 1970. */
  nowMs: () => number;
  /** Milliseconds on a clock that nobody sets. */
  elapsedMs: () => number;
  /** Time for `@exit` between SIGINT and SIGKILL. Default: 30 s. */
  graceSecs?: number | undefined;
  /** Calls of what no worker can ever run fail instead of waiting. Default: they wait. */
  failFast?: boolean | undefined;
  /** Silence after which a worker counts as lost. Default: 15 s. */
  workerLostAfterMs?: number;
  /** Arguments and results kept in memory. Default: 256 MiB. */
  memoryBytes?: number;
  /** Room in the data directory. Default: there is always some. */
  room?: RoomWatch;
  /** What one app's log may fill on disk. Default: 50 MB. */
  logBytes?: number;
  /** What all calls may fill on disk before the oldest go. Default: 8 GiB. */
  callBytes?: number | undefined;
}

/** Calls, containers and workers. */
export type Dispatch = Awaited<ReturnType<typeof openDispatch>>;

const sweepMs = 30_000;

/** Takes up what an earlier process left, and serves. Disposing it leaves the containers running. */
export async function openDispatch(options: DispatchOptions) {
  const { db, journal, catalog, apps, room, webPorts, logger, nowMs, elapsedMs } = options;
  const graceSecs = options.graceSecs ?? 30;
  const clocks = { nowMs, elapsedMs };
  await using opening = new AsyncDisposableStack();

  const callBytes = await CallBytes.open({ db, journal });
  const callStore = new CallStore({
    db,
    journal,
    bytes: callBytes,
    budget: new MemoryBudget(options.memoryBytes ?? 256 << 20),
  });
  const taskStore = new TaskStore({ db, journal, logger });
  const logs = opening.use(
    new AppLogs({
      db,
      journal,
      logger,
      nowMs,
      room,
      ...(options.logBytes === undefined ? {} : { limitBytes: options.logBytes }),
    }),
  );
  const calls = opening.use(
    new Calls({
      store: callStore,
      logger,
      ...clocks,
      retryPolicyOf: (functionId) => catalog.spec(functionId)?.definition.retryPolicy,
    }),
  );
  const workers = opening.use(
    new Workers({
      dataDirectoryId: options.dataDirectoryId,
      logger,
      ...(options.workerLostAfterMs === undefined ? {} : { lostAfterMs: options.workerLostAfterMs }),
    }),
  );
  const taskLog = new TaskLog({ logs, nowMs });
  const ofTasks = { workers, store: taskStore, log: taskLog, logger, ...clocks, graceSecs };
  const tasks = opening.use(new Tasks(ofTasks));
  const revisionOf = (functionId: string) => {
    const spec = catalog.spec(functionId);
    return spec?.active === true ? spec.revision : undefined;
  };
  const snapshots = await Snapshots.open({ db, journal, nowMs, revisionOf });
  opening.defer(catalog.onChange((functionIds) => void snapshots.changed(functionIds)));
  const starts = opening.use(
    new TaskStarts({ ...ofTasks, catalog, tasks, snapshots, failFast: options.failFast ?? false }),
  );
  const taskReports = new TaskReports({ tasks, starts, store: taskStore, log: taskLog, snapshots });
  const builds = new Builds({ workers, onRoom: () => starts.placeWaiting(), nowMs });
  const execs = opening.use(new Execs({ tasks, workers, elapsedMs }));
  const pools = opening.use(
    new Pools({
      catalog,
      calls,
      store: callStore,
      readBlob: options.readBlob,
      tasks,
      starts,
      taskLog,
      logger,
      ...clocks,
      graceSecs,
      cores: () => workers.offers().reduce((sum, offer) => sum + offer.total.milliCpu, 0) / 1_000,
    }),
  );
  calls.queueIn(pools);
  const workerLogs = await WorkerLogs.open({
    db,
    take: (batch, origin) => (batch.buildId === "" ? taskReports.logs(batch, origin) : builds.logs(batch)),
    acknowledge: (workerId, sequence) => workers.send(workerId, { case: "logsKept", value: { sequence } }),
  });
  workers.listen(
    workerEvents({
      tasks,
      starts,
      taskReports,
      builds,
      execs,
      workerLogs,
      httpPort: options.httpPort,
      webPorts,
    }),
  );
  webPorts?.watch((ports) => workers.sendAll({ case: "webPorts", value: { ports } }));

  await restore({ calls, pools, tasks, starts, taskStore });

  const admission = {
    catalog,
    pendingInputs: (functionId: string) => pools.lookup(functionId)?.pending ?? 0,
    requireRoom: room && ((bytes: number) => room.require(bytes)),
    cancel: pools.cancel.bind(pools),
  };
  opening.use(await Schedules.open({ db, journal, calls, logger, ...clocks, ...admission }));
  const limitBytes = options.callBytes ?? usualCallBytes;
  const histories: ExpiringHistory[] = [
    new CallForgetting({ db, journal, bytes: callBytes, limitBytes, nowMs }),
    { forgetSome: () => taskStore.forgetSome(nowMs()) },
    new ExpiredLogs({ journal, nowMs }),
  ];
  opening.use(keepForgetting(histories, { logger, nowMs, elapsedMs }));
  const sweeper = setInterval(() => {
    calls.sweep();
    void calls.saveOutputs();
  }, sweepMs).unref();
  opening.defer(() => clearInterval(sweeper));

  const execOptions = { execs, secretEnv: options.secretEnv };

  const taskCalls = taskHandlers({ tasks, starts, store: taskStore, apps, graceSecs });

  const resources = opening.move();
  return {
    modal: [
      callHandlers({ calls, store: callStore, ...admission }),
      callInfoHandlers({ calls, catalog, db }),
      outputHandlers({ calls, store: callStore }),
      dataHandlers({ calls, store: callStore }),
      taskCalls,
      containerExecHandlers(execOptions),
      poolHandlers({ pools, catalog, scheduling: options.scheduling }),
      storedLogHandlers({ logs, apps }),
      logHandlers({
        logs,
        apps,
        isGone: (taskId) => tasks.get(taskId) === undefined,
        containersOfStopped: (appId) =>
          (apps.lookupApp(appId)?.stopped ?? true) ? tasks.liveOf(appId).length : undefined,
        isCallDone: async (callId) => ((await calls.lookup(callId))?.unfinished ?? 0) === 0,
      }),
    ] as const,
    guest: exchangeHandlers(taskCalls, tasks),
    worker: [workers.handlers] as const,
    commands: [commandRouterHandlers(execOptions)] as const,
    operator: [
      operatorHandlers({
        version: options.version,
        dataDirectory: options.dataDirectory,
        workers,
        builds,
        tasks,
        store: taskStore,
        execs,
        room: room && (() => room.room),
        logger,
      }),
      snapshotHandlers({ snapshots, catalog }),
      callListHandlers({ calls, catalog, apps, db }),
      callShowHandlers({
        calls,
        store: callStore,
        startOf: async (taskId) => {
          const timeline = (tasks.get(taskId) ?? (await taskStore.load(taskId)))?.timeline;
          return timeline && { placed: timeline.endOf("queue"), ready: timeline.endOf("enter") };
        },
        catalog,
        apps,
        db,
      }),
    ] as const,
    /** Work that the catalog hands to workers. */
    workerPool: { build: builds.build, runBuilder: runBuilderWith({ catalog, tasks, starts, nowMs }) },
    tasks,
    starts,
    execs,
    appTasks: appTasks({ calls, pools, tasks, logs, snapshots, catalog, graceSecs }),
    /** What connected workers offer. */
    offers: () => workers.offers(),
    /** The app of a call, an unfinished input or a container; undefined for what is not known. */
    async appOfWork(id: string): Promise<string | undefined> {
      if (isId("ta", id)) return (tasks.get(id) ?? (await taskStore.load(id)))?.facts.appId;
      if (isId("fc", id)) return (await calls.lookup(id))?.facts.appId;
      return calls.openInput(id)?.call.facts.appId;
    },
    /** What web functions need: calls, and lines of the server's own for an app's log. */
    web: {
      note: (appId: string, functionId: string, text: string) => logs.note(appId, functionId, text),
      calls: streamedCalls({
        calls,
        readBlob: options.readBlob,
        answered: pools.answered.bind(pools),
        left({ inputId, state }) {
          const task = state.kind === "running" ? tasks.get(state.taskId) : undefined;
          for (const tell of task?.callersLeft ?? []) tell(inputId);
        },
        ...admission,
      }),
    },
    /** Removes what has expired, now. */
    async forgetExpired(signal: AbortSignal): Promise<void> {
      calls.sweep();
      await forgetExpired(histories, { signal, rests: false });
    },
    /** Writes outputs again that found no room on the disk. */
    saveOutputs: () => calls.saveOutputs(),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
