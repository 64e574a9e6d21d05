import { toBinary } from "@bufbuild/protobuf";
import { AppError, type StatusName } from "@dorian/base/app-error";
import { orAborted } from "@dorian/base/or-aborted";
import { must } from "@dorian/base/must";
import { sleep } from "@dorian/base/sleep";
import {
  ContainerArgumentsSchema,
  GenericResult_GenericStatus,
  type GenericResult,
  type ModalClient,
  type TaskLogs,
} from "@dorian/protocol/modal";
import type { RequestMemory } from "@dorian/protocol/request-memory";
import type { ServiceClient } from "@dorian/protocol/service";
import type { StartTask } from "@dorian/protocol/worker";
import type { LayerStore } from "@dorian/storage/layer-store";
import { storing } from "@dorian/storage/storage-error";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { etcFiles } from "../container/etc-files.ts";
import type { ContainerRuntimes } from "../container/container-runtimes.ts";
import type { Container } from "../container/runtime.ts";
import type { DiskWatch } from "../disk/disk-watch.ts";
import type { NetworkPool } from "../network/network-pool.ts";
import { openTaskGateway, type TaskObserver } from "../gateway/task-gateway.ts";
import { bytesIn } from "../volume/upper-directory.ts";
import type { UserNamespaces } from "../user-namespace/user-namespaces.ts";
import type { VolumeRegistry } from "../volume/mounted-volume.ts";
import { containerEnvironment, containerUser, inContainer } from "./container-environment.ts";
import { isSimulated } from "../gpu/simulated-gpus.ts";
import { launchOf } from "./launch.ts";
import type { Launch, LaunchDirectories } from "./launcher.ts";
import { removeRuntimeTraces } from "../image/runtime-traces.ts";
import { OutputLog } from "../log/output-log.ts";
import { PhaseClock, type Phase } from "./phase-clock.ts";
import { RootFileSystem } from "./root-file-system.ts";
import { RunningInputs } from "./running-inputs.ts";
import { ownSignal, placeForOwnSignal, saysHeapFull } from "./last-signs.ts";
import { failureOf } from "./task-failure.ts";
import { TaskVolumes, volumeLinks } from "./task-volumes.ts";
import { coveredDirectories, type DirectoryOwner } from "../volume/covered-directories.ts";
import { makeVolumeLinks } from "../volume/volume-links.ts";

export interface TaskEnd {
  exitCode: number;
  signal: string;
  outOfMemory: boolean;
  /** The limit that was reached; absent when it was that of all containers together. */
  memoryLimitMb?: number;
  failure?: GenericResult;
  /** Its worker stops: another one shall do what it had. */
  interrupted?: boolean;
  /** What a build function wrote; undefined when it was not frozen. */
  frozen?: { layerId: string | undefined; bytes: number };
  /** What kept it from starting, or made the worker end it. */
  failureStatus?: StatusName;
  /** It ran before this worker was started: nobody knows how it ended. */
  isUnknown?: true;
  wasStopped?: boolean;
  wasLeaving?: boolean;
  /** The signal that its own code sent to it. */
  ownSignal?: string;
  /** V8 aborted because its heap was full. */
  heapFull?: boolean;
}

/** The control plane, as one task. */
export interface TaskUpstream extends Disposable {
  readonly modal: ServiceClient<typeof ModalClient>;
}

export interface TaskDependencies extends LaunchDirectories {
  layers: LayerStore;
  runtimes: ContainerRuntimes;
  network: NetworkPool;
  registry: VolumeRegistry;
  /** For containers with user ids of their own. */
  userNamespaces: UserNamespaces | undefined;
  upstream: (taskId: string) => TaskUpstream;
  /** What the requests of all tasks together may hold. */
  requestMemory: RequestMemory;
  /** Short paths for sockets and mount points, on a shared mount. */
  runtimeDirectory: string;
  /** On the file system of the layer store. */
  scratchDirectory: string;
  disk: DiskWatch;
  /** The operator's proxies and certificates, for the way out. */
  operatorEnv: Record<string, string>;
  /** Takes a directory of a task out of the way for good. Never throws. */
  discard: (path: string) => Promise<void>;
  commitIntervalMs: number;
  onLogs: (taskId: string, items: TaskLogs[]) => void;
  onPhase: (taskId: string, phase: Phase & { bytesCopied: number }) => void;
  logger: Logger;
}

export interface StopOptions {
  /** Milliseconds between SIGINT and SIGKILL; 0 kills at once. */
  graceMs: number;
  /** A guest of ours that has not begun to stop after so many milliseconds is killed then. Default: it has its grace. */
  responseMs?: number;
  /** For the container's log; empty for none. */
  reason: string;
}

/** Weight of a function that asks for no processor: what it reserves, too. */
const defaultMilliCpu = 125;

const mebibyte = 1024 * 1024;

const hostname = "dorian";

/** With no more grace than this a guest of ours is told to hurry: it would spend all of it waiting for its inputs. */
const hurriedGraceMs = 10_000;

/** What the start of a user's own command consists of, besides preparing the container: nothing that takes time. */
const startPhases = ["boot", "import", "enter"] as const;
/** One container, from the order to start it until nothing of it is left. */
export class Task {
  readonly taskId: string;
  /** Resolves, never rejects, once the container has ended and everything it used is given back. */
  readonly ended: Promise<TaskEnd>;
  #request: StartTask;
  #deps: TaskDependencies;
  #abortStart = new AbortController();
  #container: Container | undefined;
  #started = Promise.withResolvers<void>();
  #launch: Launch;
  #volumes: TaskVolumes | undefined;
  #inputs = new RunningInputs();
  /** It has asked for work. */
  #ready = false;
  /** Its guest has begun to stop, for whatever reason. */
  #leaving = Promise.withResolvers<void>();
  /** Why the worker itself ended the container. */
  #endedFor: { failure: GenericResult; status: StatusName } | undefined;
  #stopped = false;
  #isLeaving = false;
  #heapFull = false;
  #output: OutputLog;
  #clock: PhaseClock;

  constructor(request: StartTask, deps: TaskDependencies) {
    this.taskId = request.taskId;
    this.#request = request;
    this.#deps = deps;
    this.#launch = launchOf(request, deps);
    this.#output = new OutputLog({
      send: (items) => deps.onLogs(request.taskId, items),
      current: () => this.#inputs.only,
      flushMs: 20,
    });
    this.#clock = new PhaseClock(request.placedAt, (phase) => void this.#reportPhase(phase));
    this.ended = storing(deps.scratchDirectory, () => this.#run()).catch((error: unknown) => ({
      exitCode: -1,
      signal: "",
      outOfMemory: false,
      failure: this.#logFailure(error),
      failureStatus: AppError.is(error) ? error.status : "INTERNAL",
      wasStopped: this.#stopped,
    }));
  }

  /** The running container, once it has started. @throws AppError TASK_NOT_RUNNING when it has ended or cannot start */
  async whenRunning(options: { signal: AbortSignal }): Promise<Container> {
    const { signal } = options;
    await orAborted(Promise.race([this.#started.promise, this.ended]), signal);
    if (this.#container) return this.#container;
    throw new AppError("TASK_NOT_RUNNING", `Container ${this.taskId} is not running.`, {
      remedy: "`dorian container list` shows the running ones.",
    });
  }

  /** SIGINT (or SIGTERM, in a hurry), then SIGKILL for all its processes when it does not end in time; what it wrote until then is committed. */
  async stop(options: StopOptions): Promise<void> {
    const { reason } = options;
    this.#stopped = true;
    if (reason !== "") this.#output.note(`Stopping the container: ${reason}`);
    const stopped = reason || "The container was stopped.";
    this.#abortStart.abort(new AppError("TASK_STOPPED", stopped, { status: "CANCELLED", remedy: "" }));
    const container = this.#container;
    if (!container) return;
    const { endsBySignal } = this.#launch;
    const isInterruptible = endsBySignal === "always" || (endsBySignal === "once ready" && this.#ready);
    if (isInterruptible && options.graceMs > 0 && (await this.#endsInTime(container, options))) return;
    await this.#volumes?.commitAll("background", container);
    await container.kill();
  }

  async #endsInTime(container: Container, options: StopOptions): Promise<boolean> {
    const { graceMs, responseMs = 0 } = options;
    const settled = new AbortController();
    const after = (ms: number) => sleep(ms, { signal: settled.signal }).then(() => "late" as const);
    const tooLate = after(graceMs);
    tooLate.catch(() => undefined);
    try {
      const isHurried = this.#launch.tellsPhases && graceMs <= hurriedGraceMs;
      container.signal(isHurried ? "SIGTERM" : "SIGINT");
      if (responseMs > 0 && this.#launch.tellsPhases) {
        const first = await Promise.race([container.exited, this.#leaving.promise, after(responseMs)]);
        if (first === "late") {
          this.#output.note("Its process is too busy to stop: it is killed.");
          return false;
        }
      }
      return (await Promise.race([container.exited, tooLate])) !== "late";
    } finally {
      settled.abort();
    }
  }

  async #run(): Promise<TaskEnd> {
    const { taskId } = this;
    const { layers, runtimes, network, runtimeDirectory, scratchDirectory, discard, logger } = this.#deps;
    const signal = this.#abortStart.signal;
    const request = this.#request;
    const definition = must(request.arguments?.functionDef, "the task's function");
    const devices = request.gpuDevices.filter((device) => !isSimulated(device));
    const { name: runtimeName, runtime } = runtimes.choose(definition, devices);
    const directory = join(runtimeDirectory, "tasks", taskId);
    await using resources = new AsyncDisposableStack();
    resources.use(this.#output);
    resources.defer(() => discard(directory));
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const connection = definition.blockNetwork
      ? undefined
      : resources.use(await network.acquire({ signal, ownPort: definition.webhookConfig?.webServerPort }));
    const userNamespace =
      // gVisor has user ids of its own, which nobody else sees.
      runtimeName === "runsc"
        ? undefined
        : connection
          ? connection.userNamespace
          : resources.use(await this.#deps.userNamespaces?.take());
    // It must reach its root file system.
    await userNamespace?.giveToRoot(directory);

    const official = this.#launch.officialVolumes;
    const links = volumeLinks(request.volumes, { official });
    let covered = new Map<string, DirectoryOwner>();
    const prepare = async (path: string) => {
      // Links take the place of what is looked at.
      covered = coveredDirectories(path, request.volumes);
      await makeVolumeLinks(path, links);
    };
    const root = resources.use(
      await RootFileSystem.mount({
        lower: [...request.layerIds.map((layerId) => layers.path(layerId)), ...this.#launch.layers],
        target: join(directory, "root"),
        scratch: join(scratchDirectory, taskId),
        discard,
        userNamespace,
        ...(links.length > 0 && { prepare }),
      }),
    );
    if (links.length === 0)
      covered = coveredDirectories(root.path, request.volumes, userNamespace?.ids.first);
    this.#clock.end("image");

    const volumes = resources.use(
      await TaskVolumes.mount({
        taskId,
        volumes: request.volumes,
        official,
        userNamespace,
        covered,
        layers,
        registry: this.#deps.registry,
        directory: join(directory, "volumes"),
        scratch: join(scratchDirectory, taskId),
        note: (text) => this.#output.note(text),
      }),
    );
    this.#volumes = volumes;
    const privateDirectory = join(directory, "private");
    await mkdir(privateDirectory);
    await userNamespace?.giveToRoot(privateDirectory);
    placeForOwnSignal(privateDirectory);
    const upstream = resources.use(this.#deps.upstream(taskId));
    const gateway = await openTaskGateway({
      taskId,
      socketPath: join(privateDirectory, "task.sock"),
      hasNetwork: connection !== undefined,
      upstream: upstream.modal,
      observer: this.#observer(volumes),
      memory: this.#deps.requestMemory,
      onInternalError: (error, method) => logger.error({ taskId, method, err: error }, "task call failed"),
    });
    resources.use(gateway);
    // Calls that wait for a container that could not be started hold up the gateway's end.
    resources.defer(() => this.#started.resolve());
    const argumentsBytes = toBinary(
      ContainerArgumentsSchema,
      must(request.arguments, "the task's arguments"),
    );
    await writeFile(join(privateDirectory, "arguments"), argumentsBytes);
    const mounts = [
      { source: privateDirectory, target: inContainer.directory, readOnly: false, noExec: true },
      ...(await etcFiles(directory, { hostname, network: connection })),
      ...volumes.mounts,
    ];
    this.#clock.end("mount");

    signal.throwIfAborted();
    const resourcesAsked = definition.resources;
    const user = await containerUser(root.path, request.config?.user ?? "");
    userNamespace?.requireIds(user);
    const container = await runtime.run(
      {
        id: taskId,
        rootfs: root.path,
        args: this.#launch.args,
        stdin: this.#launch.stdinOpen ? "open" : "empty",
        env: { ...containerEnvironment(request, this.#deps.operatorEnv, user.home), ...this.#launch.env },
        cwd: request.config?.workdir || "/root",
        user,
        hostname,
        mounts,
        userNamespace,
        network: connection ? { kind: "namespace", path: connection.path } : { kind: "none" },
        limits: {
          ...(resourcesAsked?.milliCpuMax ? { milliCpu: resourcesAsked.milliCpuMax } : {}),
          milliCpuWeight: resourcesAsked?.milliCpu || defaultMilliCpu,
          ...(resourcesAsked?.memoryMbMax ? { memoryBytes: resourcesAsked.memoryMbMax * mebibyte } : {}),
          memoryRequestBytes: (resourcesAsked?.memoryMb ?? 0) * mebibyte,
        },
        // What a build function writes is what it is for.
        readOnlyRoot: definition.readOnlyRoot && !request.freezeRoot,
        devices,
      },
      {
        onOutput: (stream, chunk) => {
          this.#heapFull ||= stream === "stderr" && saysHeapFull(chunk);
          this.#output.write(stream, chunk);
        },
        signal,
      },
    );
    resources.use(container);
    this.#container = container;
    resources.use(
      this.#deps.disk.watch({
        id: taskId,
        directories: () => [join(scratchDirectory, taskId)],
        limitBytes: resourcesAsked?.ephemeralDiskMb ? resourcesAsked.ephemeralDiskMb * mebibyte : undefined,
        pids: () => container.pids(),
        freeze: () => container.freeze(),
        end: (reason) => this.#endFor(reason, container),
      }),
    );
    this.#started.resolve();
    if (request.command.length > 0) for (const phase of startPhases) this.#clock.end(phase);

    const committing = new AbortController();
    const background = volumes.commitInBackground(container, {
      intervalMs: this.#deps.commitIntervalMs,
      signal: committing.signal,
    });
    const exit = await container.exited;
    this.#container = undefined;
    committing.abort();
    await background;

    const unfinished = await volumes.finish(exit.code === 0);
    const failure = this.#endedFor?.failure ?? unfinished;
    // One that its code had a handler for is not what ended it.
    const own = await ownSignal(privateDirectory);
    const end: TaskEnd = {
      exitCode: exit.code,
      signal: exit.signal ?? "",
      outOfMemory: exit.outOfMemory,
      ...(exit.memoryLimitBytes !== undefined && {
        memoryLimitMb: Math.floor(exit.memoryLimitBytes / mebibyte),
      }),
      ...(failure ? { failure } : {}),
      ...(this.#endedFor ? { failureStatus: this.#endedFor.status } : {}),
      wasStopped: this.#stopped,
      wasLeaving: this.#isLeaving,
      ownSignal: own === exit.signal || (this.#isLeaving && exit.signal === undefined) ? own : "",
      heapFull: this.#heapFull,
    };
    if (!request.freezeRoot || exit.code !== 0 || !this.#inputs.lastSucceeded || failure) return end;
    const standIns = [
      ...mounts.map((mount) => mount.target),
      ...links.map((link) => link.path),
      "/proc",
      "/sys",
      "/dev",
      "/run",
    ];
    const layerId = await root.freeze(layers, standIns, removeRuntimeTraces);
    return { ...end, frozen: { layerId, bytes: layerId === undefined ? 0 : await layers.sizeOf(layerId) } };
  }

  /** The container, whose calls may come before its start has returned; undefined once it has ended. */
  async #whenKnown(): Promise<Container | undefined> {
    await this.#started.promise;
    return this.#container;
  }

  #endFor(reason: AppError, container: Container): void {
    const failure = failureOf(reason);
    failure.status = GenericResult_GenericStatus.FAILURE;
    failure.exception = `The container was ended. ${failure.exception}`;
    this.#endedFor = { failure, status: reason.status };
    void container.kill().catch((error: unknown) => {
      this.#deps.logger.error({ taskId: this.taskId, err: error }, "a container could not be ended");
    });
  }

  /** With the end of the start goes what had to be copied for it: the bytes in the container's private top layer. */
  async #reportPhase(phase: Phase): Promise<void> {
    const upper = join(this.#deps.scratchDirectory, this.taskId, "upper");
    const bytesCopied = phase.phase === "enter" ? await bytesIn(upper) : 0;
    this.#deps.onPhase(this.taskId, { ...phase, bytesCopied });
  }

  #observer(volumes: TaskVolumes): TaskObserver {
    return {
      onHello: () => this.#clock.end("boot"),
      onPhase: (phase, endedAt) => {
        if (phase === "serve") {
          this.#isLeaving = true;
          this.#leaving.resolve();
        } else this.#clock.end(phase, endedAt);
      },
      onReady: () => {
        if (this.#ready) return;
        this.#ready = true;
        this.#clock.end("import");
        this.#clock.end("enter");
      },
      onInputStarted: (input) => {
        this.#output.flush();
        this.#inputs.started(input);
      },
      onInputEnded: (input) => {
        this.#output.flush();
        this.#inputs.ended(input);
      },
      onStartFailed: () => this.#output.flush(),
      beforeAnswer: (signal) => volumes.commitWritten(() => this.#whenKnown(), signal),
      commitVolume: async (volumeId, signal) => volumes.commit(volumeId, await this.#whenKnown(), signal),
      reloadVolume: async (volumeId, signal) => volumes.reload(volumeId, await this.#whenKnown(), signal),
    };
  }

  #logFailure(error: unknown): GenericResult {
    if (!AppError.is(error)) this.#deps.logger.error({ taskId: this.taskId, err: error }, "task failed");
    return failureOf(error);
  }
}
