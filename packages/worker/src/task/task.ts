import { toBinary } from "@bufbuild/protobuf";
import { AppError } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { sleep } from "@dorian/base/sleep";
import {
  ContainerArgumentsSchema,
  type GenericResult,
  type ModalClient,
  type TaskLogs,
} from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { StartTask } from "@dorian/protocol/worker";
import type { LayerStore } from "@dorian/storage/layer-store";
import { storing } from "@dorian/storage/storage-error";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { Container, ContainerRuntime } from "../container/runtime.ts";
import type { NetworkPool } from "../network/network-pool.ts";
import { openTaskGateway, type TaskObserver } from "../gateway/task-gateway.ts";
import { commitInBackground } from "../volume/background-commits.ts";
import { bytesIn } from "../volume/upper-directory.ts";
import { MountedVolume, type VolumeRegistry } from "../volume/mounted-volume.ts";
import { containerEnvironment, containerUser, inContainer } from "./container-environment.ts";
import { OutputLog } from "./output-log.ts";
import { isSimulated } from "../gpu/simulated-gpus.ts";
import { PhaseClock, type Phase } from "./phase-clock.ts";
import { RootFileSystem } from "./root-file-system.ts";
import { RunningInputs } from "./running-inputs.ts";
import { failureOf } from "./task-failure.ts";

export interface TaskEnd {
  exitCode: number;
  signal: string;
  outOfMemory: boolean;
  failure?: GenericResult;
  frozenLayerId?: string;
  frozenBytes?: number;
}

export interface TaskDependencies {
  layers: LayerStore;
  runtime: ContainerRuntime;
  network: NetworkPool;
  registry: VolumeRegistry;
  /** The control plane, as the given task. */
  upstream: (taskId: string) => ServiceClient<typeof ModalClient>;
  /** Short paths for sockets and mount points, on a shared mount. */
  runtimeDirectory: string;
  /** On the file system of the layer store. */
  scratchDirectory: string;
  /** Directory that holds the guest as it is laid over every root file system. */
  guestLayer: string;
  /** The operator's proxies and certificates, for the way out. */
  operatorEnv: Record<string, string>;
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
  reason: string;
}

/** Longest time in milliseconds for the commits that follow a container's end. */
const lastCommitLimitMs = 120_000;

/** One container, from the order to start it until nothing of it is left. */
export class Task {
  readonly taskId: string;
  /** Resolves, never rejects, once the container has ended and everything it used is given back. */
  readonly ended: Promise<TaskEnd>;
  #request: StartTask;
  #deps: TaskDependencies;
  #abortStart = new AbortController();
  #container: Container | undefined;
  #volumes: MountedVolume[] = [];
  #inputs = new RunningInputs();
  /** Its guest has begun to stop, for whatever reason. */
  #leaving = Promise.withResolvers<void>();
  #output: OutputLog;
  #clock: PhaseClock;

  constructor(request: StartTask, deps: TaskDependencies) {
    this.taskId = request.taskId;
    this.#request = request;
    this.#deps = deps;
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
    }));
  }

  /** The running container; throws while it starts and after it ended. */
  get container(): Container {
    if (this.#container) return this.#container;
    throw new AppError("TASK_NOT_RUNNING", `Container ${this.taskId} is not running.`, {
      remedy: "`dorian container list` shows the running ones.",
    });
  }

  /** SIGINT, then SIGKILL for all its processes when it does not end in time; what it wrote until then is committed. */
  async stop(options: StopOptions): Promise<void> {
    this.#output.note(`Stopping the container: ${options.reason}`);
    this.#abortStart.abort(new AppError("TASK_STOPPED", options.reason, { status: "CANCELLED", remedy: "" }));
    const container = this.#container;
    if (!container) return;
    if (options.graceMs > 0 && (await this.#endsInTime(container, options))) return;
    await this.#commitAll("background", container);
    await container.kill();
  }

  async #endsInTime(container: Container, options: StopOptions): Promise<boolean> {
    const { graceMs, responseMs = 0 } = options;
    const settled = new AbortController();
    const after = (ms: number) => sleep(ms, { signal: settled.signal }).then(() => "late" as const);
    const tooLate = after(graceMs);
    tooLate.catch(() => undefined);
    try {
      container.signal("SIGINT");
      if (responseMs > 0 && this.#tellsItsPhases) {
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

  get #tellsItsPhases(): boolean {
    return this.#request.arguments?.functionDef?.nodeEntrypoint !== undefined;
  }

  async #run(): Promise<TaskEnd> {
    const { taskId } = this;
    const { layers, runtime, network, runtimeDirectory, scratchDirectory, logger } = this.#deps;
    const signal = this.#abortStart.signal;
    const request = this.#request;
    const definition = must(request.arguments?.functionDef, "the task's function");
    const directory = join(runtimeDirectory, "tasks", taskId);
    await using resources = new AsyncDisposableStack();
    resources.use(this.#output);
    resources.defer(() => rm(directory, { recursive: true, force: true }));
    await mkdir(directory, { recursive: true, mode: 0o755 });

    const root = resources.use(
      await RootFileSystem.mount({
        lower: [...request.layerIds.map((layerId) => layers.path(layerId)), this.#deps.guestLayer],
        target: join(directory, "root"),
        scratch: join(scratchDirectory, taskId),
      }),
    );
    this.#clock.end("image");

    const connection = definition.blockNetwork ? undefined : resources.use(await network.acquire({ signal }));
    await this.#mountVolumes(resources, directory);
    const privateDirectory = join(directory, "private");
    await mkdir(privateDirectory);
    const gateway = await openTaskGateway({
      taskId,
      socketPath: join(privateDirectory, "task.sock"),
      upstream: this.#deps.upstream(taskId),
      observer: this.#observer(),
      onInternalError: (error, method) => logger.error({ taskId, method, err: error }, "task call failed"),
    });
    resources.use(gateway);
    const argumentsBytes = toBinary(
      ContainerArgumentsSchema,
      must(request.arguments, "the task's arguments"),
    );
    await writeFile(join(privateDirectory, "arguments"), argumentsBytes);
    await writeFile(join(directory, "resolv.conf"), connection?.resolvConf ?? "");
    await writeFile(join(directory, "hosts"), "127.0.0.1 localhost\n::1 localhost\n");
    const mounts = [
      { source: privateDirectory, target: inContainer.directory, readOnly: false },
      { source: join(directory, "resolv.conf"), target: "/etc/resolv.conf", readOnly: true },
      { source: join(directory, "hosts"), target: "/etc/hosts", readOnly: true },
      ...request.volumes.map((volume, index) => ({
        source: must(this.#volumes[index], "the mounted volume").target,
        target: volume.mountPath,
        readOnly: volume.readOnly,
      })),
    ];
    this.#clock.end("mount");

    signal.throwIfAborted();
    const resourcesAsked = definition.resources;
    const container = await runtime.run(
      {
        id: taskId,
        rootfs: root.path,
        args: [inContainer.node, inContainer.guest],
        env: containerEnvironment(request, this.#deps.operatorEnv),
        cwd: request.config?.workdir || "/root",
        user: await containerUser(root.path, request.config?.user ?? ""),
        hostname: "dorian",
        mounts,
        network: connection ? { kind: "namespace", path: connection.path } : { kind: "none" },
        limits: {
          ...(resourcesAsked?.milliCpuMax ? { milliCpu: resourcesAsked.milliCpuMax } : {}),
          ...(resourcesAsked?.memoryMbMax ? { memoryBytes: resourcesAsked.memoryMbMax * 1024 * 1024 } : {}),
          pids: 8192,
        },
        devices: request.gpuDevices.filter((device) => !isSimulated(device)),
      },
      { onOutput: (stream, chunk) => this.#output.write(stream, chunk), signal },
    );
    resources.use(container);
    this.#container = container;

    const committing = new AbortController();
    const background = commitInBackground({
      volumes: this.#volumes.filter((_, index) => request.volumes[index]?.backgroundCommits),
      users: container,
      intervalMs: this.#deps.commitIntervalMs,
      onError: (volume, error) => this.#noteCommitFailure(volume, error),
      signal: committing.signal,
    });
    const exit = await container.exited;
    this.#container = undefined;
    committing.abort();
    await background;

    const failure = await this.#finishVolumes(exit.code === 0);
    const end: TaskEnd = {
      exitCode: exit.code,
      signal: exit.signal ?? "",
      outOfMemory: exit.outOfMemory,
      ...(failure ? { failure } : {}),
    };
    if (!request.freezeRoot || exit.code !== 0 || !this.#inputs.lastSucceeded || failure) return end;
    const layerId = await root.freeze(layers, [
      ...mounts.map((mount) => mount.target),
      "/proc",
      "/sys",
      "/dev",
      "/run",
    ]);
    if (layerId === undefined) return end;
    return { ...end, frozenLayerId: layerId, frozenBytes: await layers.sizeOf(layerId) };
  }

  async #mountVolumes(resources: AsyncDisposableStack, directory: string): Promise<void> {
    for (const [index, volume] of this.#request.volumes.entries()) {
      const head = must(volume.head, "the volume's version");
      const mounted = await MountedVolume.mount({
        volumeId: volume.volumeId,
        taskId: this.taskId,
        target: join(directory, "volumes", String(index)),
        mountPath: volume.mountPath,
        scratch: join(this.#deps.scratchDirectory, this.taskId, `volume-${index}`),
        layers: this.#deps.layers,
        registry: this.#deps.registry,
        head: { version: head.version, layerIds: head.layerIds },
      });
      this.#volumes.push(resources.use(mounted));
    }
  }

  /** With the end of the start goes what had to be copied for it: the bytes in the container's private top layer. */
  async #reportPhase(phase: Phase): Promise<void> {
    const upper = join(this.#deps.scratchDirectory, this.taskId, "upper");
    const bytesCopied = phase.phase === "enter" ? await bytesIn(upper) : 0;
    this.#deps.onPhase(this.taskId, { ...phase, bytesCopied });
  }

  #observer(): TaskObserver {
    let ready = false;
    return {
      onHello: () => this.#clock.end("boot"),
      onPhase: (phase, endedAt) => {
        if (phase === "serve") this.#leaving.resolve();
        else this.#clock.end(phase, endedAt);
      },
      onReady: () => {
        if (ready) return;
        ready = true;
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
      commitVolume: async (volumeId, signal) => {
        await this.#volume(volumeId, "commit").commit("requested", this.#container, { signal });
      },
      reloadVolume: (volumeId, signal) =>
        this.#volume(volumeId, "reload").reload(this.#container, { signal }),
    };
  }

  #volume(volumeId: string, verb: "commit" | "reload"): MountedVolume {
    const index = this.#request.volumes.findIndex((volume) => volume.volumeId === volumeId);
    const mounted = this.#volumes[index];
    if (!mounted) {
      throw new AppError(
        "VOLUME_NOT_MOUNTED",
        `Cannot ${verb} volume ${volumeId}: this container does not mount it.`,
        {
          status: "NOT_FOUND",
          remedy: "Add it to `volumes` of the function or class.",
        },
      );
    }
    if (verb === "commit" && this.#request.volumes[index]?.readOnly) {
      throw new AppError(
        "VOLUME_READ_ONLY",
        `Cannot commit volume ${volumeId}: this container mounts it read-only.`,
        {
          remedy: "Mount it writable in the function that changes it.",
        },
      );
    }
    return mounted;
  }

  /** After a clean exit all that was written is committed. After a crash half-written files may be among it: nothing is. */
  async #finishVolumes(clean: boolean): Promise<GenericResult | undefined> {
    if (clean) return this.#commitAll("requested", undefined);
    for (const volume of this.#volumes) {
      if (await volume.hasChanges()) {
        this.#output.note(
          `Volume ${volume.volumeId}: what was not committed before the container ended is dropped.`,
        );
      }
    }
    return undefined;
  }

  async #commitAll(
    kind: "requested" | "background",
    users: Container | undefined,
  ): Promise<GenericResult | undefined> {
    const signal = AbortSignal.timeout(lastCommitLimitMs);
    let failure: GenericResult | undefined;
    for (const [index, volume] of this.#volumes.entries()) {
      if (this.#request.volumes[index]?.readOnly || !this.#request.volumes[index]?.backgroundCommits)
        continue;
      try {
        await volume.commit(kind, users, { signal });
      } catch (error) {
        this.#noteCommitFailure(volume, error);
        failure = failureOf(error);
      }
    }
    return failure;
  }

  #noteCommitFailure(volume: MountedVolume, error: unknown): void {
    this.#output.note(`Commit of volume ${volume.volumeId} failed: ${failureOf(error).exception}`);
  }

  #logFailure(error: unknown): GenericResult {
    if (!AppError.is(error)) this.#deps.logger.error({ taskId: this.taskId, err: error }, "task failed");
    return failureOf(error);
  }
}
