import type { ModalClient } from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";
import { isId } from "@dorian/base/ids";
import { assertNever } from "@dorian/base/must";
import { wallClockMs } from "@dorian/base/wall-clock";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import { callHandlers } from "./call/call-handlers.ts";
import { callInfoHandlers } from "./call/call-info-handlers.ts";
import { CallBytes } from "./call/call-bytes.ts";
import { usualCallBytes } from "./call/call-retention.ts";
import { CallStore } from "./call/call-store.ts";
import { CallForgetting } from "./call/forget-calls.ts";
import { forgetExpired, keepForgetting, type ExpiringHistory } from "./retention/forget-expired.ts";
import { Calls } from "./call/calls.ts";
import { dataHandlers } from "./call/data-handlers.ts";
import { MemoryBudget } from "./call/memory-budget.ts";
import { outputHandlers } from "./call/output-handlers.ts";
import { streamedCalls, type StreamedCalls } from "./call/streamed-call.ts";
import type { Database } from "../database/database.ts";
import type { Journal } from "../database/journal.ts";
import { Execs } from "./exec/execs.ts";
import { AppLogs } from "./log/app-logs.ts";
import { WorkerLogs } from "./log/worker-logs.ts";
import { logHandlers } from "./log/log-handlers.ts";
import { storedLogHandlers } from "./log/stored-log-handlers.ts";
import { operatorHandlers } from "./operator/operator-handlers.ts";
import { poolHandlers } from "./pool/pool-handlers.ts";
import { Pools } from "./pool/pools.ts";
import type { WorkerOffer } from "./placement/placement.ts";
import type {
  AppDirectory,
  AppTasks,
  FunctionCatalog,
  SchedulingOverrides,
  WebPorts,
  WorkerPool,
} from "./ports.ts";
import { Schedules } from "./schedule/schedules.ts";
import { handOver } from "./task/hand-over.ts";
import { TaskStore } from "./task/task-store.ts";
import { containerCodeHandlers } from "./task/container-code-handlers.ts";
import { taskHandlers } from "./task/task-handlers.ts";
import { Tasks } from "./task/tasks.ts";
import { Builds } from "./build/builds.ts";
import { runBuilderWith } from "./build/builder-runs.ts";
import { Workers, type WorkerReport } from "./fleet/workers.ts";

export interface DispatchOptions {
  db: Database;
  journal: Journal;
  catalog: FunctionCatalog;
  apps: AppDirectory;
  scheduling: SchedulingOverrides;
  /** The bytes of a blob that a client or a container has uploaded. */
  readBlob: (blobId: string) => Promise<Uint8Array>;
  /** Where workers find the HTTP server, for their containers. */
  httpPort: number;
  /** At which web functions are reached. Default: none. */
  webPorts?: WebPorts;
  dataDirectory: string;
  /** See {@link Workers}. */
  dataDirectoryId: string | undefined;
  version: string;
  logger: Logger;
  /** Milliseconds since 1970. Default: the clock. */
  nowMs?: () => number;
  /** Milliseconds on a clock that nobody sets. Default: `performance.now`. */
  elapsedMs?: () => number;
  /** Time for `@exit` between SIGINT and SIGKILL. Default: 30 s. */
  graceSecs?: number;
  /** Calls of what no worker can ever run fail instead of waiting. Default: they wait. */
  failFast?: boolean;
  /** Silence after which a worker counts as lost. Default: 15 s. */
  workerLostAfterMs?: number;
  /** Arguments and results kept in memory. Default: 256 MiB. */
  memoryBytes?: number;
  /** Of the data directory. Default: there is always room. */
  room?: RoomWatch;
  /** Of one app's log on disk. Default: 50 MB. */
  logBytes?: number;
  /** What all calls may fill on disk before the oldest go. Default: 8 GiB. */
  callBytes?: number;
}

/** Calls, containers and workers. */
export interface Dispatch extends AsyncDisposable {
  modal: Required<
    Pick<
      ServiceHandlers<typeof ModalClient>,
      | "functionMap"
      | "functionPutInputs"
      | "functionFinishInputs"
      | "functionGetOutputs"
      | "functionCallCancel"
      | "functionCallFromId"
      | "functionCallGetInfo"
      | "functionGetCallGraph"
      | "functionRetryInputs"
      | "functionGetInputs"
      | "functionGetSerialized"
      | "functionGetDynamicConcurrency"
      | "functionPutOutputs"
      | "functionCallPutDataOut"
      | "functionCallGetDataOut"
      | "functionCallGetDataIn"
      | "taskResult"
      | "containerHello"
      | "containerHeartbeat"
      | "containerStop"
      | "functionGetCurrentStats"
      | "functionGetDynamicConcurrency"
      | "functionUpdateSchedulingParams"
      | "taskList"
      | "taskGetInfo"
      | "appGetLogs"
      | "appFetchLogs"
      | "appCountLogs"
    >
  >;
  worker: Required<Pick<ServiceHandlers<typeof WorkerService>, "join">>;
  operator: Required<
    Pick<
      ServiceHandlers<typeof OperatorService>,
      "serverInfo" | "workerDrain" | "taskTimeline" | "containerExec"
    >
  >;
  workerPool: WorkerPool;
  /** What connected workers offer. */
  offers(): WorkerOffer[];
  appTasks: AppTasks;
  tasks: Tasks;
  /** The app of a call, an unfinished input or a container; undefined for what is not known. */
  appOfWork(id: string): Promise<string | undefined>;
  execs: Execs;
  /** What web functions need: calls, and lines of the server's own for an app's log. */
  web: {
    calls: StreamedCalls;
    note: (appId: string, functionId: string, text: string) => void;
  };
  /** Writes outputs again that found no room on the disk. */
  saveOutputs(): Promise<void>;
  /** Removes what has expired, now. */
  forgetExpired(signal: AbortSignal): Promise<void>;
}

/** Time for the containers of a stopped app, whose inputs are all cancelled, to begin to stop. */
const responseSecs = 2;
const sweepMs = 30_000;

/** Takes up what an earlier process left, and serves. Disposing it leaves the containers running. */
export async function createDispatch(options: DispatchOptions): Promise<Dispatch> {
  const { db, journal, catalog, apps, room, logger } = options;
  const nowMs = options.nowMs ?? wallClockMs;
  const elapsedMs = options.elapsedMs ?? (() => performance.now());
  const graceSecs = options.graceSecs ?? 30;

  const callBytes = await CallBytes.open({ db, journal });
  const callStore = new CallStore({
    db,
    journal,
    bytes: callBytes,
    budget: new MemoryBudget(options.memoryBytes ?? 256 << 20),
  });
  const taskStore = new TaskStore({ db, journal });
  const logs = new AppLogs({
    db,
    journal,
    logger,
    nowMs,
    room,
    ...(options.logBytes === undefined ? {} : { limitBytes: options.logBytes }),
  });
  const workers = new Workers({
    dataDirectoryId: options.dataDirectoryId,
    logger,
    ...(options.workerLostAfterMs === undefined ? {} : { lostAfterMs: options.workerLostAfterMs }),
    events: {
      joined: (workerId) => ({
        taskIds: tasks.onWorker(workerId).map((task) => task.taskId),
        buildIds: builds.onWorker(workerId),
        execIds: execs.onWorker(workerId),
        logsKept: workerLogs.keptOf(workerId),
        httpPort: options.httpPort,
        webPorts: { ports: options.webPorts?.current() ?? [] },
      }),
      welcomed: (workerId) => tasks.welcomed(workerId),
      reported: (workerId, report) => route(workerId, report),
      drains: (workerId, name) => handOver(tasks, { workerId, name }),
      resumed: () => tasks.placeWaiting(),
      lost: (workerId, name) => {
        builds.workerLost(workerId, name);
        execs.workerLost(workerId, name);
        tasks.workerLost(workerId, name);
      },
    },
  });
  options.webPorts?.watch((ports) => workers.sendAll({ case: "webPorts", value: { ports } }));
  const builds = new Builds(workers, () => tasks.placeWaiting());
  const tasks = new Tasks({
    catalog,
    workers,
    store: taskStore,
    logs,
    logger,
    nowMs,
    elapsedMs,
    graceSecs,
    failFast: options.failFast ?? false,
  });
  const execs = new Execs({ tasks, workers, elapsedMs });
  const calls: Calls = new Calls({
    store: callStore,
    logger,
    nowMs,
    elapsedMs,
    onPending: (input, how) => pools.of(input.call.facts.functionId).enqueue(input, how),
    onForgotten: (input) => pools.lookup(input.call.facts.functionId)?.forget(input),
    retryPolicyOf: (functionId) => catalog.spec(functionId)?.definition.retryPolicy,
  });
  const pools: Pools = new Pools({
    catalog,
    calls,
    store: callStore,
    readBlob: options.readBlob,
    tasks,
    logger,
    nowMs,
    elapsedMs,
    graceSecs,
    cores: () => workers.offers().reduce((sum, offer) => sum + offer.total.milliCpu, 0) / 1_000,
  });

  const workerLogs = await WorkerLogs.open({
    db,
    take: (batch, origin) => (batch.buildId === "" ? tasks.logs(batch, origin) : builds.logs(batch)),
    acknowledge: (workerId, sequence) => workers.send(workerId, { case: "logsKept", value: { sequence } }),
  });

  const route = (workerId: string, report: WorkerReport): void => {
    switch (report.case) {
      case "taskPhase":
        tasks.phase(report.value);
        break;
      case "taskExited":
        tasks.exited(report.value);
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
      case "disk":
        tasks.placeWaiting();
        break;
      case "hello":
      case "heartbeat":
        break;
      default:
        assertNever(report);
    }
  };

  await restore({ calls, pools, tasks, taskStore });

  const admission = {
    catalog,
    pendingInputs: (functionId: string) => pools.lookup(functionId)?.pending ?? 0,
    requireRoom: room && ((bytes: number) => room.require(bytes)),
    cancel: pools.cancel.bind(pools),
  };

  const schedules = await Schedules.open({ db, journal, calls, logger, nowMs, elapsedMs, ...admission });
  const sweeper = setInterval(() => {
    calls.sweep();
    void calls.saveOutputs();
  }, sweepMs).unref();
  const histories: ExpiringHistory[] = [
    new CallForgetting({
      db,
      journal,
      bytes: callBytes,
      limitBytes: options.callBytes ?? usualCallBytes,
      nowMs,
    }),
    { forgetSome: () => taskStore.forgetSome(nowMs()) },
    { forgetSome: () => logs.forgetSome() },
  ];
  const forgetting = keepForgetting(histories, { logger, nowMs });

  return {
    modal: {
      ...callHandlers({
        calls,
        store: callStore,
        ...admission,
      }),
      ...callInfoHandlers({ calls, catalog, db }),
      ...outputHandlers({ calls, store: callStore }),
      ...dataHandlers({ calls, store: callStore }),
      ...containerCodeHandlers({ catalog }),
      ...taskHandlers({ tasks, store: taskStore, apps, graceSecs }),
      ...poolHandlers({ pools, catalog, scheduling: options.scheduling }),
      ...storedLogHandlers({ logs, apps }),
      ...logHandlers({
        logs,
        apps,
        isGone: (taskId) => tasks.get(taskId) === undefined,
        containersOfStopped: (appId) =>
          (apps.lookupApp(appId)?.stopped ?? true) ? tasks.liveOf(appId).length : undefined,
      }),
    } as Dispatch["modal"],
    worker: workers.handlers as Dispatch["worker"],
    operator: operatorHandlers({
      version: options.version,
      dataDirectory: options.dataDirectory,
      workers,
      builds,
      tasks,
      store: taskStore,
      execs,
      room: room && (() => room.room),
      logger,
    }) as Dispatch["operator"],
    workerPool: { build: builds.build, runBuilder: runBuilderWith({ catalog, tasks, nowMs }) },
    tasks,
    offers: () => workers.offers(),
    async appOfWork(id) {
      if (isId("ta", id)) return (tasks.get(id) ?? (await taskStore.load(id)))?.facts.appId;
      if (isId("fc", id)) return (await calls.lookup(id))?.facts.appId;
      return calls.openInput(id)?.call.facts.appId;
    },
    execs,
    appTasks: {
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
        logs.wake(appId);
      },
      runningTaskCount: (appId) => tasks.liveOf(appId).filter((task) => task.state !== "queued").length,
      unfinishedInputCount: (appId) => calls.openInputsOf(appId).length,
    },
    web: {
      note: (appId, functionId, text) => logs.note(appId, functionId, text),
      calls: streamedCalls({
        calls,
        readBlob: options.readBlob,
        answered: pools.answered.bind(pools),
        ...admission,
      }),
    },
    async forgetExpired(signal) {
      calls.sweep();
      await forgetExpired(histories, { signal, rests: false });
    },
    saveOutputs: () => calls.saveOutputs(),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper);
      await forgetting[Symbol.asyncDispose]();
      schedules[Symbol.dispose]();
      workers[Symbol.dispose]();
      pools[Symbol.dispose]();
      tasks[Symbol.dispose]();
      execs[Symbol.dispose]();
      calls[Symbol.dispose]();
      await logs[Symbol.asyncDispose]();
    },
  };
}

/** Containers that may still run keep their inputs; all other unfinished inputs wait for a container again. */
async function restore(parts: {
  calls: Calls;
  pools: Pools;
  tasks: Tasks;
  taskStore: TaskStore;
}): Promise<void> {
  const { calls, pools, tasks, taskStore } = parts;
  for (const task of await taskStore.live((row) => pools.of(row.function_id))) {
    // A build function's caller, and a sandbox's, is gone with the old process: nobody would take the result.
    if (task.facts.isBuilder || isId("sb", task.facts.functionId)) tasks.abandon(task);
    else {
      tasks.adopt(task);
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
