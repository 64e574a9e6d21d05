import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { newId } from "@dorian/base/ids";
import { offAbort, onAbort } from "@dorian/base/on-abort";
import { wallClockMs } from "@dorian/base/wall-clock";
import { findInterpreters } from "@dorian/python/interpreters";
import { diskRoomMessage } from "@dorian/protocol/convention/disk-room";
import { RequestMemory } from "@dorian/protocol/memory/request-memory";
import type { ServiceClient } from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";
import { RoomWatch } from "@dorian/storage/room-watch";
import type { Logger } from "pino";
import { readCgroupLayout } from "./cgroup/cgroup-layout.ts";
import { limitGroup } from "./cgroup/limit-group.ts";
import { requireInit } from "./container/init-program.ts";
import type { RuntimePolicy } from "./container/container-runtimes.ts";
import { openRuntimes } from "./container/open-runtimes.ts";
import { findCriu, snapshotEngine } from "./container/runc/criu.ts";
import { judgeRunc, runcAdvice, runcWarning } from "./container/runc/runc-holes.ts";
import { runcVersion } from "./container/runc/runc-version.ts";
import { ForkWatch } from "./cgroup/fork-watch.ts";
import { lastProcess } from "./cgroup/last-process.ts";
import { processCountOf } from "./cgroup/process-count.ts";
import { ProcessWatch } from "./cgroup/process-watch.ts";
import { DiskWatch } from "./disk/disk-watch.ts";
import { detectGpus } from "./gpu/detect-gpus.ts";
import { simulatedGpus } from "./gpu/simulated-gpus.ts";
import { ImageBuilder } from "./image/image-builder.ts";
import { prepareGuestLayer } from "./layers/guest-layer.ts";
import { prepareHomeLayer } from "./layers/home-layer.ts";
import { type MachineSettings, shareMachine } from "./machine/machine-share.ts";
import { thisMachine } from "./machine/this-machine.ts";
import { dataDirectoryId } from "./machine/worker-directories.ts";
import { LastLines } from "./log/last-lines.ts";
import { LogOutbox } from "./log/log-outbox.ts";
import { NetworkPool } from "./network/network-pool.ts";
import { readOperatorSettings } from "@dorian/operator/operator-settings";
import { openClearedDirectories } from "./reap/cleared-directories.ts";
import { Builds } from "./image/builds.ts";
import { Execs } from "./container/execs.ts";
import { leave, type LeaveOptions } from "./link/leave.ts";
import { offeredEngine } from "./link/offered-engine.ts";
import { handleOrders } from "./link/orders.ts";
import { serverHeads } from "./link/server-heads.ts";
import { ServerLink } from "./link/server-link.ts";
import { taskExited } from "./link/task-exited.ts";
import { whileServerIsThere } from "./link/while-server-is-there.ts";
import { snapshotTaken } from "./snapshot/snapshot-taken.ts";
import type { TaskUpstream } from "./task/task-dependencies.ts";
import { operatorEnvironment } from "./task/operator-environment.ts";
import type { ReportedPhase } from "./task/phase-clock.ts";
import type { Task } from "./task/task.ts";
import type { TaskEnd } from "./task/task-end.ts";
import { Tasks } from "./task/tasks.ts";
import { openUserNamespaces, type UserNamespaceMode } from "./user-namespace/open-user-namespaces.ts";

export interface WorkerOptions {
  dataDirectory: string;
  /** The control plane. */
  server: {
    worker: ServiceClient<typeof WorkerService>;
    asTask: (taskId: string) => TaskUpstream;
    /** Where this machine reaches it. */
    host: string;
  };
  name?: string;
  /** Holds the files of the bundled guest. */
  guestDirectory: string;
  /** Folder of the npm package that images get beside Node. */
  npmDirectory: string;
  /** How the machine is shared between containers and everything else. */
  machine?: MachineSettings;
  /** What runs functions that ask for no runtime. Default: runc. */
  runtimePolicy?: RuntimePolicy;
  /** Default `auto`. */
  userNamespaces?: UserNamespaceMode;
  /** Room on the data directory's file system that is kept for work that was accepted. Default: a part of it. */
  reserveDiskBytes?: number | undefined;
  /** Run functions that ask for a GPU without one. */
  simulateGpus?: number;
  /** Milliseconds between background commits. Default 5 s. */
  commitIntervalMs?: number;
  version: string;
  logger: Logger;
  /** Gives up joining when it aborts. */
  signal: AbortSignal;
}

const mebibyte = 1024 * 1024;

/** Milliseconds for the server to take the last reports. */
const hangUpMs = 2_000;

export interface Worker extends AsyncDisposable {
  readonly workerId: string;
  /** Takes nothing new, finishes what it has, and hands back the rest. */
  leave(options: LeaveOptions): Promise<void>;
}

/** Puts a worker together, clears what an earlier one left behind, and joins the server. */
export async function openWorker(options: WorkerOptions): Promise<Worker> {
  const { dataDirectory, server, logger } = options;
  await requireInit();
  const runc = await runcVersion();
  const runcHoles = runcWarning(judgeRunc(runc));
  if (runcHoles !== undefined) logger.warn(`${runcHoles} To mend it, ${runcAdvice}`);
  await using starting = new AsyncDisposableStack();
  const { directories, layers, discard } = starting.use(
    await openClearedDirectories(dataDirectory, { logger, signal: options.signal }),
  );
  const operator = await readOperatorSettings();
  const machine = await thisMachine();
  const share = shareMachine(machine, options.machine ?? {});
  const layout = await readCgroupLayout();
  const group = `/dorian-${directories.instance}`;
  const unlimited = await limitGroup(layout, group, {
    memoryBytes: share.memoryMb * mebibyte,
    pids: share.pids,
    cpuWeight: share.cpuWeight,
    ...(share.milliCpu < machine.milliCpu && { milliCpu: share.milliCpu }),
  });
  for (const warning of unlimited) logger.warn(warning);
  const runtimeOptions = {
    instance: directories.instance,
    runtimeDirectory: directories.runtime,
    defaultLimits: { memoryBytes: share.container.memoryMb * mebibyte, pids: share.container.pids },
  };
  const runtimePolicy = options.runtimePolicy ?? { standard: "runc", untrusted: "runc" };
  const runtimes = starting.use(await openRuntimes(runtimeOptions, runtimePolicy));
  const userNamespaces = starting.use(
    await openUserNamespaces(options.userNamespaces ?? "auto", { directories, dataDirectory, logger }),
  );
  const { diskMb } = options.machine?.container ?? {};
  const disk = starting.use(
    await DiskWatch.open({
      directory: directories.scratch,
      ...(diskMb !== undefined && { limitBytes: diskMb * mebibyte }),
      logger,
    }),
  );
  const processes = starting.use(
    new ProcessWatch({
      countAll: () => processCountOf(layout, group),
      leastLimit: share.container.pids,
      logger,
    }),
  );
  const forks = starting.use(new ForkWatch({ lastProcess, logger }));
  const network = starting.use(
    await NetworkPool.open({
      instance: directories.instance,
      runtimeDirectory: directories.runtime,
      size: 4,
      userNamespaces,
      blockedNetworks: operator.networkBorder.blockedNetworks,
      serverHttp: () => (link.httpPort > 0 ? { host: server.host, port: link.httpPort } : undefined),
    }),
  );
  for (const warning of network.warnings) logger.warn(warning);
  const simulated = options.simulateGpus ?? 0;
  const operatorEnv = await operatorEnvironment(operator, {
    directory: join(directories.runtime, "operator"),
  });
  const gpus = simulated > 0 ? simulatedGpus(simulated) : await detectGpus();
  const workerId = newId("wo");
  const stopping = new AbortController();

  const heads = serverHeads(server.worker);
  const outbox = new LogOutbox({
    send: (value) => link.report({ case: "logs", value }),
    nowMs: wallClockMs,
  });
  const lastLines = new LastLines(outbox, { signal: stopping.signal });
  const sendPhase = (taskId: string, phase: ReportedPhase) =>
    link.report({
      case: "taskPhase",
      value: { taskId, ...phase, bytesCopied: BigInt(phase.bytesCopied) },
    });
  const tellAgain = ({ taskId, phases, inputIds }: Task) => {
    for (const phase of phases) sendPhase(taskId, phase);
    if (inputIds.length > 0) link.report({ case: "taskInputs", value: { taskId, inputIds } });
  };
  const reportEnd = (taskId: string, end: TaskEnd) =>
    lastLines.tellAfter({ taskId }, () =>
      link.report({ case: "taskExited", value: taskExited(taskId, end) }),
    );
  const foundCriu = await findCriu();
  const criu = "criu" in foundCriu ? foundCriu.criu : undefined;
  const guestLayer = await prepareGuestLayer(dataDirectory, options.guestDirectory);
  const tasks = new Tasks({
    onEnded: reportEnd,
    dependencies: {
      layers,
      disk,
      processes,
      forks,
      runtimes,
      network,
      heads,
      userNamespaces,
      upstream: server.asTask,
      requestMemory: new RequestMemory(),
      runtimeDirectory: directories.runtime,
      scratchDirectory: directories.scratch,
      guestLayer,
      homeLayer: await prepareHomeLayer(dataDirectory),
      operator: operatorEnv,
      buckets: { network, env: operatorEnv.env, certificates: operatorEnv.certificates, layout, group },
      discard,
      commitIntervalMs: options.commitIntervalMs ?? 5_000,
      onLogs: (taskId, items) => outbox.add({ taskId }, items),
      criu,
      onSnapshot: (taskId, outcome) =>
        link.report({ case: "snapshotTaken", value: snapshotTaken(taskId, outcome) }),
      onSnapshotUnusable: (taskId, { layerId, reason }) =>
        link.report({ case: "snapshotUnusable", value: { taskId, layerId, reason } }),
      onPhase: sendPhase,
      nowMs: wallClockMs,
      logger,
    },
  });
  const builds = new Builds({
    builder: new ImageBuilder({
      layers,
      disk,
      processes,
      forks,
      imageLimitBytes: share.imageMb * mebibyte,
      runtimes,
      network,
      operator,
      heads,
      directories,
      discard,
      dataDirectory,
      npmDirectory: options.npmDirectory,
      findInterpreters: () => findInterpreters({ env: process.env, home: homedir() }),
      logger,
    }),
    nowMs: wallClockMs,
    onLogs: (buildId, items) => outbox.add({ buildId }, items),
    onFinished: (value) =>
      lastLines.tellAfter({ buildId: value.buildId }, () => link.report({ case: "buildFinished", value })),
    logger,
  });
  const room = starting.use(
    new RoomWatch({
      directory: dataDirectory,
      reserveBytes: options.reserveDiskBytes,
      onChange: () => link.report(sayRoom()),
    }),
  );
  const sayRoom = () => ({ case: "disk" as const, value: diskRoomMessage(room.room) });
  const execs = new Execs((value) => link.report({ case: "execOutput", value }));
  const link = new ServerLink({
    server: server.worker,
    hello: {
      workerId,
      name: options.name ?? hostname(),
      capacity: {
        milliCpu: share.milliCpu,
        memoryMb: BigInt(share.memoryMb),
        gpus,
        simulatedGpus: simulated > 0,
        runtimes: runtimes.names,
        snapshotEngine: offeredEngine({
          engine: criu && snapshotEngine(criu),
          standard: runtimePolicy.standard,
          guestLayer,
          runc,
          ownIds: userNamespaces !== undefined,
        }),
      },
      dataDirectoryId: await dataDirectoryId(dataDirectory),
      version: options.version,
    },
    execInputs: () => execs.inputs,
    orders: handleOrders({ tasks, builds, execs, onTaskEnded: reportEnd, onTaskKept: tellAgain }),
    logs: outbox,
    onWebPorts: (ports) => {
      network.setWebPorts(ports).catch((error: unknown) => {
        logger.warn({ err: error }, "containers do not reach the addresses of web functions");
      });
    },
    heartbeatMs: 5_000,
    heartbeat: sayRoom,
    logger,
    signal: stopping.signal,
  });
  const departing = {
    announce() {
      tasks.refuseNew();
      builds.refuseNew();
      link.leave();
    },
    isIdle: () => tasks.running.length === 0 && builds.count === 0,
    serverAwayMs: () => link.awayMs,
    async handBack({ graceMs }: { graceMs: number }) {
      builds.cancelAll("the worker is stopping");
      await tasks.stopAll({ graceMs, reason: "the worker is stopping" });
    },
  };
  starting.defer(async () => {
    await departing.handBack({ graceMs: 0 });
    const said = lastLines
      .allTold()
      .then(() => outbox.allKept({ timeoutMs: hangUpMs, signal: stopping.signal }))
      .catch(() => undefined);
    await whileServerIsThere(said, link);
    await link.close({ signal: AbortSignal.timeout(hangUpMs) });
    stopping.abort();
    await link.closed;
  });
  const giveUp = () => stopping.abort(options.signal.reason);
  onAbort(options.signal, giveUp);
  if (options.signal.aborted) giveUp();
  await link.joined;
  offAbort(options.signal, giveUp);
  const resources = starting.move();
  return {
    workerId,
    leave: (how) => leave(departing, how),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
