import { join } from "node:path";
import type { StartBuild } from "@dorian/protocol/worker";
import type { Container } from "../container/runtime.ts";
import { isSimulated } from "../gpu/simulated-gpus.ts";
import type { NetworkLease } from "../network/network-pool.ts";
import { coveredDirectories } from "../volume/covered-directories.ts";
import type { BuildDependencies } from "./build-dependencies.ts";
import { buildEnvironment } from "./build-environment.ts";
import type { BuildStages } from "./build-stages.ts";
import { BuildVolumes } from "./build-volumes.ts";
import type { Instruction } from "./dockerfile/instruction.ts";
import { runMounts } from "./run-mounts.ts";
import { runStep, type OnLog } from "./run-step.ts";
import type { StackViews } from "./stack-views.ts";

export interface BuildContainersOptions extends BuildDependencies {
  request: StartBuild;
  stages: BuildStages;
  views: StackViews;
  /** Where the build has its own files, below the worker's runtime directory. */
  directory: string;
  /** Where the build may write what becomes layers, on the file system of the layer store. */
  scratch: string;
  /** Puts variables into a path. */
  expandPlace: (text: string) => string;
  /** Directories that show together what the client sent along. */
  context: () => Promise<string[]>;
  onLog: OnLog;
  signal: AbortSignal;
}

type RunInstruction = Extract<Instruction, { kind: "run" }>;

/** The containers of one build's RUN instructions, one after the other: they share a network, user ids and the build's volumes. */
export class BuildContainers implements AsyncDisposable {
  #options: BuildContainersOptions;
  #resources = new AsyncDisposableStack();
  #lease: NetworkLease | undefined;
  #volumes: BuildVolumes | undefined;
  #count = 0;
  #current: Pick<Container, "pids" | "freeze" | "processCount" | "weighLeast"> | undefined;

  constructor(options: BuildContainersOptions) {
    this.#options = options;
  }

  /** The one that runs, or the last one. */
  get current(): Pick<Container, "pids" | "freeze" | "processCount" | "weighLeast"> | undefined {
    return this.#current;
  }

  async run(instruction: RunInstruction): Promise<void> {
    const { request, stages, views, runtimes, directory, scratch, operator, onLog, signal } = this.#options;
    const stage = stages.current;
    const devices = request.gpuDevices.filter((device) => !isSimulated(device));
    const { runtime, takesUserNamespace } = runtimes.choose({ runtime: "", untrusted: false }, devices);
    const lease = (this.#lease ??= await this.#acquireNetwork());
    const userNamespace = takesUserNamespace ? lease.userNamespace : undefined;
    const rootPath = await stage.root(userNamespace);
    this.#volumes ??= this.#resources.use(
      await BuildVolumes.mount(request.volumes, {
        buildId: request.buildId,
        layers: this.#options.layers,
        heads: this.#options.heads,
        directory,
        scratch,
        userNamespace,
        covered: coveredDirectories(rootPath, request.volumes, userNamespace?.ids.first),
      }),
    );
    const extra = await runMounts(instruction.mounts, {
      expand: this.#options.expandPlace,
      directory: scratch,
      workdir: stage.config.workdir,
      context: this.#options.context,
      viewOf: async (name) => views.show((await stages.source(name)).layerIds, userNamespace),
      secrets: request.secretEnv,
      signal,
    });
    await runStep(instruction.command, instruction.text, {
      containerId: `${request.buildId}-${this.#count++}`,
      stage,
      runtime,
      network: lease,
      userNamespace,
      mounts: [...this.#volumes.mounts, ...extra.mounts],
      operator: await buildEnvironment(operator, {
        directory,
        cacheDirectory: join(scratch, "cache"),
        rootPath,
      }),
      secretEnv: { ...request.secretEnv, ...extra.env },
      devices,
      directory,
      onContainer: (container) => (this.#current = container),
      onLog,
      signal,
    });
  }

  /** Makes what they wrote to volumes the volumes' next versions. */
  async commitVolumes(): Promise<void> {
    await this.#volumes?.commit({ signal: this.#options.signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }

  async #acquireNetwork(): Promise<NetworkLease> {
    const { network, directory, signal } = this.#options;
    const lease = this.#resources.use(await network.acquireForBuild({ signal }));
    // Root in a step must reach its root file system.
    lease.userNamespace?.giveToRoot(directory);
    return lease;
  }
}
