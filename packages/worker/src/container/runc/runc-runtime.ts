import { join } from "node:path";
import { type CgroupLayout, readCgroupLayout } from "../../cgroup/cgroup-layout.ts";
import { addDevices } from "../devices.ts";
import { initProgram } from "../init-program.ts";
import type { ContainerLimits, ContainerSpec } from "../container-spec.ts";
import type { Container, ContainerRuntime, OnOutput } from "../runtime.ts";
import { type Engine, runcEngine } from "./engine.ts";
import { runcConfig } from "./runc-config.ts";
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
}

const defaultPids = 4096;

/** Containers by `runc` or a program like it, one `run` each: it stays as the parent of the container's first process. */
export class RuncRuntime implements ContainerRuntime {
  #options: Required<RuncRuntimeOptions>;
  #layout: Promise<CgroupLayout> | undefined;

  constructor(options: RuncRuntimeOptions) {
    this.#options = {
      engine: runcEngine,
      init: initProgram,
      defaultLimits: { pids: defaultPids },
      cdiDirectories: ["/etc/cdi", "/var/run/cdi"],
      ...options,
    };
  }

  async run(
    unlimited: ContainerSpec,
    options: { onOutput: OnOutput; signal?: AbortSignal },
  ): Promise<Container> {
    const { instance, runtimeDirectory, engine, init, cdiDirectories, defaultLimits } = this.#options;
    const spec = { ...unlimited, limits: limitsOf(unlimited.limits, defaultLimits) };
    const layout = await (this.#layout ??= readCgroupLayout());
    const cgroup = `/dorian-${instance}/${spec.id}`;
    const config = runcConfig(spec, { layout, cgroup, architecture: process.arch, init });
    return startContainer(
      spec,
      {
        config: spec.devices.length === 0 ? config : await addDevices(config, spec.devices, cdiDirectories),
        bundle: join(runtimeDirectory, "bundles", spec.id),
        state: join(runtimeDirectory, "runc"),
        engine,
        cgroup,
        layout,
      },
      options,
    );
  }
}

function limitsOf(asked: ContainerLimits, defaults: { memoryBytes?: number; pids: number }): ContainerLimits {
  const { memoryRequestBytes = 0 } = asked;
  const usual =
    defaults.memoryBytes === undefined ? undefined : Math.max(defaults.memoryBytes, memoryRequestBytes);
  const memoryBytes = asked.memoryBytes ?? usual;
  return { ...asked, pids: asked.pids ?? defaults.pids, ...(memoryBytes !== undefined && { memoryBytes }) };
}
