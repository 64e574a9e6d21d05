import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import type { CgroupLayout } from "../../cgroup/cgroup-layout.ts";
import { killAll, removeGroup } from "../../cgroup/cgroup.ts";
import type { Engine } from "./engine.ts";

/** Where one container is on this machine. */
export interface ContainerSite {
  /** What the engine calls it: something else than we do where the engine was started ahead. */
  engineId: string;
  /** Directory of its configuration. */
  bundle: string;
  /** The engine's --root. */
  state: string;
  engine: Engine;
  /** Name of its control group in every hierarchy. */
  cgroup: string;
  layout: CgroupLayout;
}

/** Removes what a container leaves on the host, whatever state it is in; kills what still runs. */
export async function removeTraces(site: ContainerSite): Promise<void> {
  await killAll(site.layout, site.cgroup);
  await removeGroup(site.layout, site.cgroup);
  await removeTree(join(site.state, site.engineId));
  if (site.engine.processes === "sandboxed") await removeSandboxState(site.engineId, site.state);
  await removeTree(site.bundle);
}

// gVisor removes its files at an orderly end; they are called after the sandbox and its only container.
async function removeSandboxState(id: string, state: string): Promise<void> {
  for (const name of await readdir(state)) {
    if (name.startsWith(`${id}_sandbox:`)) await removeTree(join(state, name));
  }
}
