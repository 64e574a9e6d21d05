import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";

/** Where one controller is and which of the kernel's two file formats it speaks. */
export interface Controller {
  version: 1 | 2;
  root: string;
}

/** How this machine arranges control groups. */
export interface CgroupLayout {
  kind: "v1" | "v2" | "hybrid";
  /** Every root directory in which a container gets a group. */
  hierarchies: string[];
  /** A hierarchy that lists every process of a container. */
  processes: string;
  memory?: Controller;
  cpu?: Controller;
  pids?: Controller;
  freezer?: Controller;
  /** True when limits on memory and swap together can be set. */
  swapAccounting: boolean;
}

/**
 * Reads the layout below `root`. v2: one tree. v1: a directory per controller. Hybrid: v1 plus a v2 tree in
 * `unified`, which may own some of the controllers.
 */
export async function readCgroupLayout(root = "/sys/fs/cgroup"): Promise<CgroupLayout> {
  const controllers = await controllersOf(root);
  if (controllers) return layoutOfV2(root, controllers);

  // Links such as cpu -> cpu,cpuacct are second names of one hierarchy.
  const directories = (await readdir(root, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "cgroup.procs")))
    .map((entry) => entry.name)
    .toSorted();
  const hierarchies = directories.map((name) => join(root, name));
  const processes = hierarchies.find((path) => !path.endsWith("/unified"));
  if (processes === undefined) {
    throw new AppError("CGROUP_NOT_MOUNTED", `No control groups are mounted at ${root}.`, {
      remedy: "Mount them: `mount -t cgroup2 none /sys/fs/cgroup`; systemd does so by itself.",
    });
  }
  const unified = await controllersOf(join(root, "unified"));
  const v1 = (controller: string): Controller | undefined => {
    const name = directories.find((directory) => directory.split(",").includes(controller));
    return name === undefined ? undefined : { version: 1, root: join(root, name) };
  };
  const v2: Controller = { version: 2, root: join(root, "unified") };
  const either = (controller: string) => v1(controller) ?? (unified?.includes(controller) ? v2 : undefined);
  const memory = either("memory");
  const cpu = either("cpu");
  const pids = either("pids");
  const freezer = v1("freezer") ?? (unified ? v2 : undefined);
  return {
    kind: unified ? "hybrid" : "v1",
    hierarchies,
    processes: v1("pids")?.root ?? v1("freezer")?.root ?? processes,
    ...(memory && { memory }),
    ...(cpu && { cpu }),
    ...(pids && { pids }),
    ...(freezer && { freezer }),
    swapAccounting:
      memory?.version === 1
        ? existsSync(join(memory.root, "memory.memsw.limit_in_bytes"))
        : memory !== undefined,
  };
}

function layoutOfV2(root: string, controllers: string[]): CgroupLayout {
  const controller: Controller = { version: 2, root };
  return {
    kind: "v2",
    hierarchies: [root],
    processes: root,
    ...(controllers.includes("memory") && { memory: controller }),
    ...(controllers.includes("cpu") && { cpu: controller }),
    ...(controllers.includes("pids") && { pids: controller }),
    freezer: controller,
    swapAccounting: controllers.includes("memory"),
  };
}

async function controllersOf(root: string): Promise<string[] | undefined> {
  const path = join(root, "cgroup.controllers");
  if (!existsSync(path)) return undefined;
  return (await readFile(path, "utf8")).split(/\s+/).filter((name) => name !== "");
}
