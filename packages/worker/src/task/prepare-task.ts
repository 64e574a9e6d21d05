import { toBinary } from "@bufbuild/protobuf";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "@dorian/base/must";
import { ContainerArgumentsSchema, type Resources } from "@dorian/protocol/modal";
import type { GrpcServer } from "@dorian/protocol/server/grpc-server";
import type { StartTask } from "@dorian/protocol/worker";
import type { ContainerLimits, ContainerSpec } from "../container/container-spec.ts";
import { TaskBuckets } from "../bucket/task-buckets.ts";
import { prepareContainer } from "../container/prepare-container.ts";
import { RootFileSystem, startDirectories } from "../container/root-file-system.ts";
import type { ContainerRuntime } from "../container/runtime.ts";
import { removeRuntimeTraces } from "../container/runtime-traces.ts";
import { openTaskGateway } from "../gateway/task-gateway.ts";
import type { TaskObserver } from "../gateway/task-observer.ts";
import { isSimulated } from "../gpu/simulated-gpus.ts";
import type { NetworkLease } from "../network/network-pool.ts";
import { coveredDirectories, type DirectoryOwner } from "../volume/covered-directories.ts";
import { makeVolumeLinks } from "../volume/volume-links.ts";
import { inContainer, platformEnvironment } from "./platform-environment.ts";
import { placeForOwnSignal } from "./last-signs.ts";
import type { Launch } from "./launcher.ts";
import type { TaskDependencies } from "./task-dependencies.ts";
import { TaskVolumes, volumeLinks } from "./task-volumes.ts";

export interface TaskPreparation {
  request: StartTask;
  launch: Launch;
  dependencies: TaskDependencies;
  /** Gets all that the task uses, to give it back in the end. */
  resources: AsyncDisposableStack;
  observe: (volumes: TaskVolumes) => TaskObserver;
  /** Takes lines for the container's log. */
  note: (text: string) => void;
  onPhaseEnd: (phase: "image" | "mount") => void;
  signal: AbortSignal;
}

export interface PreparedTask {
  spec: ContainerSpec;
  runtime: ContainerRuntime;
  volumes: TaskVolumes;
  buckets: TaskBuckets;
  gateway: GrpcServer;
  /** Its way out; undefined for one that reaches nobody. */
  network: NetworkLease | undefined;
  /** On the host: what the container sees as its own. */
  privateDirectory: string;
  /** What the container writes to its root file system and volumes, on disk. */
  scratch: string;
  /** Makes what it wrote to its root file system a layer. */
  freezeRoot: () => Promise<{ layerId: string | undefined; bytes: number }>;
}

/** Weight of a function that asks for no processor: what it reserves, too. */
const defaultMilliCpu = 125;

const mebibyte = 1024 * 1024;

/** Who serves buckets for containers that have the host's user ids. */
const nobody = 65_534;

/**
 * Makes all that a task's container needs, up to what it is to be started from. What it writes below the runtime directory it writes
 * without waiting: a dozen small files take half a millisecond, where each trip to the thread pool waits for a turn of two threads.
 */
export async function prepareTask(preparation: TaskPreparation): Promise<PreparedTask> {
  const { request, launch, dependencies, resources, note, onPhaseEnd, signal } = preparation;
  const { taskId } = request;
  const { layers, runtimes, network, discard, logger } = dependencies;
  const definition = must(request.arguments?.functionDef, "the task's function");
  const devices = request.gpuDevices.filter((device) => !isSimulated(device));
  const { runtime, takesUserNamespace } = runtimes.choose(definition, devices);
  const directory = join(dependencies.runtimeDirectory, "tasks", taskId);
  const scratch = join(dependencies.scratchDirectory, taskId);
  resources.defer(() => discard(directory));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const connection = definition.blockNetwork
    ? undefined
    : resources.use(await network.acquire({ signal, ownPort: definition.webhookConfig?.webServerPort }));
  const ownIds = async () =>
    connection ? connection.userNamespace : resources.use(await dependencies.userNamespaces?.take());
  const userNamespace = takesUserNamespace ? await ownIds() : undefined;
  // It must reach its root file system.
  userNamespace?.giveToRoot(directory);

  const official = launch.officialVolumes;
  const links = volumeLinks(request.volumes, { official });
  let covered = new Map<string, DirectoryOwner>();
  const prepare = async (path: string) => {
    // Links take the place of what is looked at.
    covered = coveredDirectories(path, request.volumes);
    await makeVolumeLinks(path, links);
  };
  const root = resources.use(
    await RootFileSystem.mount({
      lower: [...request.layerIds.map((layerId) => layers.path(layerId)), ...launch.layers],
      target: join(directory, "root"),
      scratch,
      discard,
      userNamespace,
      ...(links.length > 0 && { prepare }),
    }),
  );
  if (links.length === 0) covered = coveredDirectories(root.path, request.volumes, userNamespace?.ids.first);
  onPhaseEnd("image");

  const volumes = resources.use(
    await TaskVolumes.mount({
      taskId,
      volumes: request.volumes,
      official,
      userNamespace,
      covered,
      layers,
      heads: dependencies.heads,
      directory: join(directory, "volumes"),
      scratch,
      note,
    }),
  );
  const buckets = resources.use(
    await TaskBuckets.mount({
      ...dependencies.buckets,
      taskId,
      buckets: request.buckets,
      user: userNamespace?.ids.first ?? nobody,
      directory,
      scratch,
      signal,
    }),
  );
  const privateDirectory = join(directory, "private");
  mkdirSync(privateDirectory);
  userNamespace?.giveToRoot(privateDirectory);
  placeForOwnSignal(privateDirectory);
  const upstream = resources.use(dependencies.upstream(taskId));
  const gateway = resources.use(
    await openTaskGateway({
      taskId,
      socketPath: join(privateDirectory, "task.sock"),
      hasNetwork: connection !== undefined,
      upstream,
      observer: preparation.observe(volumes),
      memory: dependencies.requestMemory,
      onInternalError: (error, method) => logger.error({ taskId, method, err: error }, "task call failed"),
    }),
  );
  const given = must(request.arguments, "the task's arguments");
  writeFileSync(join(privateDirectory, "arguments"), toBinary(ContainerArgumentsSchema, given));
  const { config } = request;
  const spec = await prepareContainer({
    id: taskId,
    rootfs: root.path,
    args: launch.args,
    stdin: launch.stdinOpen ? "open" : "empty",
    config: { user: config?.user ?? "", workdir: config?.workdir ?? "", env: config?.env ?? {} },
    env: {
      operator: dependencies.operator.env,
      secrets: request.secretEnv,
      platform: (chosen) => ({ ...platformEnvironment(request, chosen), ...launch.env }),
    },
    usualDirectory: "/root",
    mounts: [
      { source: privateDirectory, target: inContainer.directory, readOnly: false, noExec: true },
      ...dependencies.operator.mounts,
      ...volumes.mounts,
      ...buckets.mounts,
    ],
    network: connection,
    userNamespace,
    limits: limitsOf(definition.resources),
    // What a build function writes is what it is for.
    readOnlyRoot: definition.readOnlyRoot && !request.freezeRoot,
    devices,
    directory,
  });
  onPhaseEnd("mount");
  const freezeRoot = async () => {
    const mounted = [...spec.mounts.map((mount) => mount.target), ...links.map((link) => link.path)];
    const layerId = await root.freeze(layers, [...mounted, ...startDirectories], removeRuntimeTraces);
    return { layerId, bytes: layerId === undefined ? 0 : await layers.sizeOf(layerId) };
  };
  return {
    spec,
    runtime,
    volumes,
    buckets,
    gateway,
    network: connection,
    privateDirectory,
    scratch,
    freezeRoot,
  };
}

function limitsOf(asked: Resources | undefined): ContainerLimits {
  return {
    ...(asked?.milliCpuMax ? { milliCpu: asked.milliCpuMax } : {}),
    milliCpuWeight: asked?.milliCpu || defaultMilliCpu,
    ...(asked?.memoryMbMax ? { memoryBytes: asked.memoryMbMax * mebibyte } : {}),
    memoryRequestBytes: (asked?.memoryMb ?? 0) * mebibyte,
  };
}
