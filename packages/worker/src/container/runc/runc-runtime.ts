import { join } from "node:path";
import { type CgroupLayout, readCgroupLayout } from "../../cgroup/cgroup-layout.ts";
import { addDevices } from "../devices.ts";
import { initProgram } from "../init-program.ts";
import type { ContainerLimits, ContainerSpec } from "../container-spec.ts";
import type { Container, ContainerRuntime, OnOutput, RestoreOptions } from "../runtime.ts";
import { type Engine, runcEngine } from "./engine.ts";
import { EngineAhead } from "./engine-ahead.ts";
import { containerExists, EngineRun } from "./engine-run.ts";
import { makeMountPoints } from "./mount-points.ts";
import { restoredConfig } from "./restored-config.ts";
import { runcConfig } from "./runc-config.ts";
import type { RuncContainer } from "./runc-container.ts";
import { startContainer } from "./start-container.ts";

export interface RuncRuntimeOptions {
  /** Eight hex digits that tell the workers of one machine apart. */
  instance: string;
  /** For bundles and the engine's own state; best on a tmpfs. */
  runtimeDirectory: string;
  /** Default: `runc`. */
  engine?: Engine;
  /** What a container may use that names no limit. */
  defaultLimits?: { memoryBytes?: number; pids: number };
  /** Program that is every container's first process. Default: Debian's `tini`, linked statically. */
  init?: string;
  /** Where device specifications (CDI) are. */
  cdiDirectories?: string[];
  /** One is always started ahead, for the next container. Default: none. For runc alone: gVisor's options are the container's. */
  startsAhead?: boolean;
}

const defaultPids = 4096;

/** Containers by `runc` or a program like it, one `run` each: it stays as the parent of the container's first process. */
export class RuncRuntime implements ContainerRuntime, AsyncDisposable {
  #options: Required<RuncRuntimeOptions>;
  #layout: Promise<CgroupLayout> | undefined;
  #ahead: EngineAhead | undefined;
  #startedAhead = 0;
  /** The containers that are not gone. */
  #ids = new Set<string>();

  constructor(options: RuncRuntimeOptions) {
    this.#options = {
      engine: runcEngine,
      init: initProgram,
      defaultLimits: { pids: defaultPids },
      cdiDirectories: ["/etc/cdi", "/var/run/cdi"],
      startsAhead: false,
      ...options,
    };
    if (this.#options.startsAhead) this.#ahead = new EngineAhead(() => this.#startAhead());
  }

  run(spec: ContainerSpec, options: { onOutput: OnOutput; signal?: AbortSignal }): Promise<Container> {
    return this.#known(spec.id, () => this.#start(spec, options));
  }

  restore(spec: ContainerSpec, options: RestoreOptions): Promise<Container> {
    return this.#known(spec.id, () => this.#restore(spec, options));
  }

  async #known(id: string, begin: () => Promise<RuncContainer>): Promise<Container> {
    if (this.#ids.has(id)) throw containerExists(id);
    this.#ids.add(id);
    try {
      const container = await begin();
      container.removed.then(
        () => this.#ids.delete(id),
        () => undefined,
      );
      return container;
    } catch (error) {
      this.#ids.delete(id);
      throw error;
    }
  }

  async #start(
    unlimited: ContainerSpec,
    options: { onOutput: OnOutput; signal?: AbortSignal },
  ): Promise<RuncContainer> {
    const { spec, config, site } = await this.#describe(unlimited);
    const text = JSON.stringify(config);
    return startContainer(spec, {
      begin: () => this.#takeAhead(spec, text) ?? EngineRun.start(this.#runOptions(spec.id, spec), text),
      site,
      ...options,
    });
  }

  async #restore(unlimited: ContainerSpec, options: RestoreOptions): Promise<RuncContainer> {
    const { images, criu, ...rest } = options;
    const { spec, config, site } = await this.#describe(unlimited);
    makeMountPoints(spec);
    const run = this.#runOptions(spec.id, spec);
    const restore = { images, criu };
    return startContainer(spec, {
      begin: () => EngineRun.start({ ...run, restore }, JSON.stringify(restoredConfig(config, run.bundle))),
      site,
      ...rest,
    });
  }

  async #describe(unlimited: ContainerSpec) {
    const { instance, engine, init, cdiDirectories, defaultLimits } = this.#options;
    const spec = { ...unlimited, limits: limitsOf(unlimited.limits, defaultLimits) };
    const layout = await (this.#layout ??= readCgroupLayout());
    const cgroup = `/dorian-${instance}/${spec.id}`;
    const plain = runcConfig(spec, { layout, cgroup, architecture: process.arch, init });
    const config = spec.devices.length === 0 ? plain : await addDevices(plain, spec.devices, cdiDirectories);
    return { spec, config, site: { state: this.#state, engine, cgroup, layout } };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ahead?.[Symbol.asyncDispose]();
  }

  get #state(): string {
    return join(this.#options.runtimeDirectory, "runc");
  }

  #runOptions(id: string, container: Pick<ContainerSpec, "network" | "stdin">) {
    const { engine, runtimeDirectory } = this.#options;
    return { engine, state: this.#state, id, bundle: join(runtimeDirectory, "bundles", id), container };
  }

  #startAhead(): EngineRun {
    this.#startedAhead += 1;
    const id = `ahead-${this.#startedAhead}`;
    return EngineRun.startAhead(this.#runOptions(id, { network: { kind: "none" } }));
  }

  /** Takes the engine that was started ahead, where it fits: its standard input is empty, and its configuration can be read once, while hooks that come with devices read it again. */
  #takeAhead(spec: ContainerSpec, config: string): EngineRun | undefined {
    if (spec.stdin === "open" || spec.devices.length > 0) return undefined;
    return this.#ahead?.take(config);
  }
}

function limitsOf(asked: ContainerLimits, defaults: { memoryBytes?: number; pids: number }): ContainerLimits {
  const { memoryRequestBytes = 0 } = asked;
  const usual =
    defaults.memoryBytes === undefined ? undefined : Math.max(defaults.memoryBytes, memoryRequestBytes);
  const memoryBytes = asked.memoryBytes ?? usual;
  return { ...asked, pids: asked.pids ?? defaults.pids, ...(memoryBytes !== undefined && { memoryBytes }) };
}
