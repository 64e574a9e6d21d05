import { lstatSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import { defaultPath } from "@dorian/oci/image-configuration";
import type { UserNamespace } from "../user-namespace/user-namespaces.ts";
import { containerUser } from "./container-user.ts";
import type { ContainerMount, ContainerSpec } from "./container-spec.ts";
import { etcFiles } from "./etc-files.ts";

/** The name by which every container knows itself. */
const hostname = "dorian";

/** What its environment is put together from: each wins over what stands before it, and the image's own over the operator's. */
export interface ContainerEnv {
  /** The operator's way out, and what containers of its kind have as a rule. */
  operator: Record<string, string>;
  secrets: Record<string, string>;
  /** What the platform sets, by what the others have chosen. */
  platform?: (chosen: Record<string, string>) => Record<string, string>;
}

/** What tells one container from others. Decision 0044 lists what differs between those of tasks and of build steps. */
export interface ContainerOrder extends Pick<
  ContainerSpec,
  "id" | "rootfs" | "args" | "stdin" | "limits" | "readOnlyRoot" | "devices"
> {
  /** What the image says. */
  config: { user: string; workdir: string; env: Record<string, string> };
  env: ContainerEnv;
  /** Where it starts unless the image says where. */
  usualDirectory: "/" | "/root";
  /** Beside those that every container has. */
  mounts: readonly ContainerMount[];
  /** Undefined: it reaches nobody. */
  network: { path: string; address: string; resolvConf: string } | undefined;
  /** That the network belongs to, and with whose ids the root file system is shown. Undefined: the host's. */
  userNamespace: UserNamespace | undefined;
  /** On the host, for files that are mounted. */
  directory: string;
}

/**
 * Prepares a container, whatever it is for: who its user is and where their home is, what it is called and how it finds others, its
 * environment, and its mounts where the image's links lead.
 *
 * @throws AppError IMAGE_ROOT_UNUSABLE, IMAGE_USER_UNKNOWN, USER_OUT_OF_RANGE
 */
export async function prepareContainer(order: ContainerOrder): Promise<ContainerSpec> {
  const { rootfs, config, env, network, userNamespace, directory } = order;
  requireEnginePlaces(rootfs);
  const user = await containerUser(rootfs, config.user);
  userNamespace?.requireIds(user);
  const mounts = [...etcFiles(directory, { hostname, network }), ...order.mounts];
  const chosen = { ...env.operator, ...config.env, ...env.secrets };
  return {
    id: order.id,
    rootfs,
    args: order.args,
    ...(order.stdin && { stdin: order.stdin }),
    env: { PATH: defaultPath, HOME: user.home, ...chosen, ...env.platform?.(chosen) },
    cwd: config.workdir || order.usualDirectory,
    user,
    hostname,
    mounts: confined(rootfs, mounts).map((mount) => ({
      ...mount,
      source: userNamespace?.pathFor(mount.source) ?? mount.source,
    })),
    userNamespace,
    network: network ? { kind: "namespace", path: network.path } : { kind: "none" },
    limits: order.limits,
    ...(order.readOnlyRoot !== undefined && { readOnlyRoot: order.readOnlyRoot }),
    devices: order.devices,
  };
}

const enginePlaces = ["/dev", "/proc", "/sys"];

/**
 * Requires directories, or nothing, where the engine mounts and makes files of its own. Engines are known to follow a link there, and
 * to remove and make what is behind it on the host (CVE-2026-41579).
 */
function requireEnginePlaces(rootfs: string): void {
  for (const place of enginePlaces) {
    const stats = lstatSync(join(rootfs, place), { throwIfNoEntry: false });
    if (!stats || stats.isDirectory()) continue;
    const what = stats.isSymbolicLink() ? "link" : "file";
    throw new AppError(
      "IMAGE_ROOT_UNUSABLE",
      `The image has a ${what} at ${place}, where containers have a directory.`,
      {
        status: "FAILED_PRECONDITION",
        remedy: "Use an image that has a directory there, or nothing: it is made then.",
      },
    );
  }
}

/** An image's links at mount points are followed, so that what stands in for a mount is made where we expect it. */
function confined(rootfs: string, mounts: readonly ContainerMount[]): ContainerMount[] {
  using root = OpenDirectory.open(rootfs);
  return mounts.map((mount) => {
    using place = placeBelow(root, mount.target, { follow: true });
    return { ...mount, target: place.path };
  });
}
