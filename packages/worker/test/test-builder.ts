import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { removeTree } from "@dorian/linux/remove-tree";
import { mountTable } from "@dorian/linux/mount-table";
import { ContainerArgumentsSchema } from "@dorian/protocol/modal";
import { RequestMemory } from "@dorian/protocol/memory/request-memory";
import { StartBuildSchema, StartTaskSchema } from "@dorian/protocol/worker";
import { LayerStore } from "@dorian/storage/layer-store";
import { findInterpreters } from "@dorian/python/interpreters";
import { busyboxRootfs } from "@dorian/testkit/busybox-rootfs";
import { checkout } from "@dorian/testkit/checkout";
import pino from "pino";
import { readCgroupLayout } from "../src/cgroup/cgroup-layout.ts";
import { ForkWatch } from "../src/cgroup/fork-watch.ts";
import { lastProcess } from "../src/cgroup/last-process.ts";
import { processCountOf } from "../src/cgroup/process-count.ts";
import { ProcessWatch } from "../src/cgroup/process-watch.ts";
import { DiskWatch } from "../src/disk/disk-watch.ts";
import { ContainerRuntimes } from "../src/container/container-runtimes.ts";
import { RuncRuntime } from "../src/container/runc/runc-runtime.ts";
import { createWorkerDirectories, workerDirectories } from "../src/machine/worker-directories.ts";
import { NetworkPool } from "../src/network/network-pool.ts";
import { readOperatorSettings, type OperatorSettings } from "@dorian/operator/operator-settings";
import { reapLeftovers } from "../src/reap/reap-leftovers.ts";
import { openUserNamespaces, type UserNamespaceMode } from "../src/user-namespace/open-user-namespaces.ts";
import type { VolumeHeads } from "../src/volume/mounted-volume.ts";
import type { VolumeVersion } from "../src/volume/volume-version.ts";
import { operatorEnvironment } from "../src/task/operator-environment.ts";
import { prepareHomeLayer } from "../src/layers/home-layer.ts";
import { Task } from "../src/task/task.ts";
import type { TaskUpstream } from "../src/task/task-dependencies.ts";
import { ImageBuilder } from "../src/image/image-builder.ts";

const run = promisify(execFile);

export type TestBuilder = Awaited<ReturnType<typeof testBuilder>>;

/** For tests: an image builder, and a way to run tasks, with a data directory, containers and networks of their own. */
export async function testBuilder(options?: {
  operator?: Partial<OperatorSettings>;
  diskLimitBytes?: number;
  /** How many processes one step may have. */
  pidsLimit?: number;
  userNamespaces?: UserNamespaceMode;
}) {
  await using made = new AsyncDisposableStack();
  const dataDirectory = await mkdtemp(join(tmpdir(), "dorian-build-"));
  made.defer(() => removeTree(dataDirectory));
  const directories = await workerDirectories(dataDirectory);
  await createWorkerDirectories(directories);
  made.defer(async () => {
    await reapLeftovers({
      instance: directories.instance,
      runtimeDirectory: directories.runtime,
      scratchDirectory: directories.scratch,
      discard: removeTree,
    });
    await rm(directories.runtime, { recursive: true, force: true });
  });
  const layers = made.use(await LayerStore.open(dataDirectory));
  const logger = pino({ level: "silent" });
  const runtime = new RuncRuntime({
    instance: directories.instance,
    runtimeDirectory: directories.runtime,
    ...(options?.pidsLimit !== undefined && { defaultLimits: { pids: options.pidsLimit } }),
  });
  const runtimes = new ContainerRuntimes({ runc: runtime }, { standard: "runc", untrusted: "runc" });
  const mode = options?.userNamespaces ?? "auto";
  const userNamespaces = made.use(await openUserNamespaces(mode, { directories, dataDirectory, logger }));
  const network = made.use(
    await NetworkPool.open({
      instance: directories.instance,
      runtimeDirectory: directories.runtime,
      size: 1,
      userNamespaces,
    }),
  );
  const operator = { ...(await readOperatorSettings()), ...options?.operator };
  const volumes = new Map<string, VolumeVersion>();
  const head = (volumeId: string) => volumes.get(volumeId) ?? { version: 0n, layerIds: [] };
  const heads: VolumeHeads = {
    head: async (volumeId) => head(volumeId),
    async append({ volumeId, layerId }) {
      const { version, layerIds } = head(volumeId);
      volumes.set(volumeId, { version: version + 1n, layerIds: [...layerIds, layerId] });
      return head(volumeId);
    },
  };
  const disk = made.use(
    await DiskWatch.open({
      directory: directories.scratch,
      ...(options?.diskLimitBytes !== undefined && { limitBytes: options.diskLimitBytes }),
      logger,
    }),
  );
  const instance = `/dorian-${directories.instance}`;
  const layout = await readCgroupLayout();
  const processes = made.use(
    new ProcessWatch({
      countAll: () => processCountOf(layout, instance),
      leastLimit: options?.pidsLimit ?? 0,
      logger,
    }),
  );
  const forks = made.use(new ForkWatch({ lastProcess, logger }));
  const builder = new ImageBuilder({
    layers,
    disk,
    processes,
    forks,
    imageLimitBytes: 8 * 2 ** 30,
    runtimes,
    network,
    operator,
    heads,
    directories,
    discard: removeTree,
    dataDirectory,
    npmDirectory: join(checkout, "node_modules/npm"),
    findInterpreters: () => findInterpreters({ env: process.env, home: homedir() }),
    logger,
  });
  const operatorEnv = await operatorEnvironment(operator, {
    directory: join(directories.runtime, "operator"),
  });
  const all = made.move();
  let count = 0;
  /** A base of 2 MB with a shell, as a layer. */
  async function busybox(): Promise<string> {
    await using rootfs = await busyboxRootfs();
    await using draft = await layers.draft();
    await run("cp", ["-a", `${rootfs.path}/.`, draft.path]);
    return await draft.seal({ durable: false });
  }
  async function build(
    request: MessageInitShape<typeof StartBuildSchema>,
    more: { onLog?: (stream: string, text: string) => void; signal?: AbortSignal } = {},
  ) {
    const log: string[] = [];
    const built = await builder.build(create(StartBuildSchema, { buildId: `bd-${++count}`, ...request }), {
      onLog: (stream, text) => {
        log.push(text);
        more.onLog?.(stream, text);
      },
      signal: more.signal ?? new AbortController().signal,
    });
    return { ...built, log: log.join("") };
  }
  return {
    dataDirectory,
    directories,
    layers,
    /** Newest version of a volume. */
    volumeHead: head,
    busybox,
    build,
    /** Builds Dockerfile lines on such a base, which they call `base`. */
    async onBusybox() {
      const base = await busybox();
      return (...lines: string[]) =>
        build({ baseLayerIds: [base], baseConfig: {}, dockerfile: ["FROM base", ...lines].join("\n") });
    },
    /** Runs a task of a command, which calls nobody, on this machine. Resolves with its end and what it printed. */
    async task(request: MessageInitShape<typeof StartTaskSchema>) {
      const printed: string[] = [];
      const task = new Task(
        create(StartTaskSchema, {
          taskId: `ta-${++count}`,
          arguments: create(ContainerArgumentsSchema, { functionDef: {} }),
          ...request,
        }),
        {
          layers,
          disk,
          processes,
          forks,
          runtimes,
          network,
          heads,
          userNamespaces,
          upstream: () => ({
            modal: {} as TaskUpstream["modal"],
            guest: {} as TaskUpstream["guest"],
            [Symbol.dispose]: () => undefined,
          }),
          requestMemory: new RequestMemory(),
          runtimeDirectory: directories.runtime,
          scratchDirectory: directories.scratch,
          guestLayer: dataDirectory,
          homeLayer: await prepareHomeLayer(dataDirectory),
          operator: operatorEnv,
          buckets: {
            network,
            env: {},
            certificates: undefined,
            layout,
            group: `/dorian-${directories.instance}`,
          },
          discard: removeTree,
          commitIntervalMs: 60_000,
          onLogs: (_, items) => printed.push(...items.map((item) => item.data)),
          criu: undefined,
          onSnapshot: () => undefined,
          onSnapshotUnusable: () => undefined,
          onPhase: () => undefined,
          nowMs: Date.now,
          logger,
        },
      );
      return { ...(await task.ended), printed: printed.join("") };
    },
    /** What builds left: mounts, directories, layers other than those named and of finished steps. */
    async leftovers(knownLayers: string[]): Promise<string[]> {
      const mounts = (await mountTable()).map((mount) => mount.target);
      const steps = join(dataDirectory, "steps");
      const kept = await Promise.all(
        (await readdir(steps).catch(() => [])).map((name) => readFile(join(steps, name), "utf8")),
      );
      const known = new Set([...knownLayers, ...kept.map((layerId) => layerId.trim())]);
      const buildDirectories = await readdir(join(directories.runtime, "builds")).catch(() => []);
      return [
        ...mounts.filter((target) => target.startsWith(`${directories.runtime}/builds`)),
        ...buildDirectories,
        ...(await readdir(directories.scratch)),
        ...(await layers.list()).filter((layerId) => !known.has(layerId)),
      ];
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
