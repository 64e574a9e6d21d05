import { join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import type { CgroupLayout } from "../../cgroup/cgroup-layout.ts";
import { killAll, removeGroup } from "../../cgroup/cgroup.ts";
import type { OciConfig } from "./oci-config.ts";

/** How one container is put on this machine. */
export interface Placement {
  config: OciConfig;
  /** Directory of its configuration, made here. */
  bundle: string;
  /** runc's --root. */
  state: string;
  runc: string;
  /** Name of its control group in every hierarchy. */
  cgroup: string;
  layout: CgroupLayout;
}

/** Removes what a container leaves on the host, whatever state it is in; kills what still runs. */
export async function removeTraces(id: string, placement: Placement): Promise<void> {
  await killAll(placement.layout, placement.cgroup);
  await removeGroup(placement.layout, placement.cgroup);
  await removeTree(join(placement.state, id));
  await removeTree(placement.bundle);
}
