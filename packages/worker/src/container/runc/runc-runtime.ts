import { join } from "node:path";
import { type CgroupLayout, readCgroupLayout } from "../../cgroup/cgroup-layout.ts";
import { addDevices } from "../devices.ts";
import { initProgram } from "../init-program.ts";
import type { ContainerSpec } from "../container-spec.ts";
import type { Container, ContainerRuntime, OnOutput } from "../runtime.ts";
import { runcConfig } from "./runc-config.ts";
import { startContainer } from "./start-container.ts";

export interface RuncRuntimeOptions {
  /** Eight hex digits that tell the workers of one machine apart. */
  instance: string;
  /** For bundles and runc's own state; best on a tmpfs. */
  runtimeDirectory: string;
  /** Program to use. Default: `runc` from the PATH. */
  runc?: string;
  /** Program that is every container's first process. Default: Debian's `tini`, linked statically. */
  init?: string;
  /** Where device specifications (CDI) are. */
  cdiDirectories?: string[];
}

/** Containers by `runc`, one `runc run` each: it stays as the parent of the container's first process. */
export class RuncRuntime implements ContainerRuntime {
  #options: Required<RuncRuntimeOptions>;
  #layout: Promise<CgroupLayout> | undefined;

  constructor(options: RuncRuntimeOptions) {
    this.#options = {
      runc: "runc",
      init: initProgram,
      cdiDirectories: ["/etc/cdi", "/var/run/cdi"],
      ...options,
    };
  }

  async run(spec: ContainerSpec, options: { onOutput: OnOutput; signal?: AbortSignal }): Promise<Container> {
    const { instance, runtimeDirectory, runc, init, cdiDirectories } = this.#options;
    const layout = await (this.#layout ??= readCgroupLayout());
    const cgroup = `/dorian-${instance}/${spec.id}`;
    const config = runcConfig(spec, { layout, cgroup, architecture: process.arch, init });
    return startContainer(
      spec,
      {
        config: spec.devices.length === 0 ? config : await addDevices(config, spec.devices, cdiDirectories),
        bundle: join(runtimeDirectory, "bundles", spec.id),
        state: join(runtimeDirectory, "runc"),
        runc,
        cgroup,
        layout,
      },
      options,
    );
  }
}
