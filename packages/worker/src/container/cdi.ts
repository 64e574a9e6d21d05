import { AppError } from "@dorian/base/app-error";
import type { OciConfig, OciDevice, OciHookName } from "./runc/oci-config.ts";

/** The parts of a Container Device Interface specification that change a container. */
export interface CdiSpec {
  /** "vendor.com/class". */
  kind: string;
  devices?: { name: string; containerEdits?: CdiEdits }[];
  /** Apply when any device of this file is asked for. */
  containerEdits?: CdiEdits;
}

export interface CdiEdits {
  env?: string[];
  deviceNodes?: CdiDeviceNode[];
  mounts?: { hostPath: string; containerPath: string; type?: string; options?: string[] }[];
  hooks?: { hookName: OciHookName; path: string; args?: string[]; env?: string[]; timeout?: number }[];
  additionalGids?: number[];
}

export interface CdiDeviceNode {
  path: string;
  hostPath?: string;
  type?: string;
  major?: number;
  minor?: number;
  fileMode?: number;
  permissions?: string;
  uid?: number;
  gid?: number;
}

export type DeviceNumbers = Pick<OciDevice, "type" | "major" | "minor">;

/**
 * What the device `name` ("vendor.com/class=device") asks for: the edits of its file, then its own.
 *
 * @throws AppError DEVICE_NOT_FOUND that lists the known ones.
 */
export function cdiEditsOf(name: string, specs: CdiSpec[]): CdiEdits[] {
  for (const spec of specs) {
    for (const device of spec.devices ?? []) {
      if (`${spec.kind}=${device.name}` !== name) continue;
      return [spec.containerEdits ?? {}, device.containerEdits ?? {}];
    }
  }
  const known = specs.flatMap((spec) => (spec.devices ?? []).map((device) => `${spec.kind}=${device.name}`));
  throw new AppError(
    "DEVICE_NOT_FOUND",
    `This machine has no device ${name}; it has ${known.length === 0 ? "none" : known.join(", ")}.`,
    {
      status: "NOT_FOUND",
      remedy: "For NVIDIA: `nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml` describes the devices.",
    },
  );
}

/** `config` with the edits applied. Pure; `numbersOf` looks up a host device that the specification gives no numbers for. */
export function applyCdiEdits(
  config: OciConfig,
  edits: CdiEdits[],
  numbersOf: (hostPath: string) => DeviceNumbers,
): OciConfig {
  return edits.reduce((edited, edit) => applyOne(edited, edit, numbersOf), config);
}

function applyOne(
  config: OciConfig,
  edits: CdiEdits,
  numbersOf: (hostPath: string) => DeviceNumbers,
): OciConfig {
  const gids = new Set([...(config.process.user.additionalGids ?? []), ...(edits.additionalGids ?? [])]);
  const hooks = { ...config.hooks };
  for (const { hookName, ...hook } of edits.hooks ?? []) hooks[hookName] = [...(hooks[hookName] ?? []), hook];
  const mounts = (edits.mounts ?? []).map((mount) => ({
    destination: mount.containerPath,
    source: mount.hostPath,
    type: mount.type ?? "bind",
    options: mount.options ?? ["rbind", "ro"],
  }));
  const edited: OciConfig = {
    ...config,
    process: {
      ...config.process,
      env: mergeEnvironment(config.process.env, edits.env ?? []),
      user: { ...config.process.user, ...(gids.size > 0 && { additionalGids: [...gids] }) },
    },
    mounts: [
      ...config.mounts.filter((mount) => !mounts.some((added) => added.destination === mount.destination)),
      ...mounts,
    ],
    ...(Object.keys(hooks).length > 0 && { hooks }),
  };
  return (edits.deviceNodes ?? []).reduce((result, node) => addDeviceNode(result, node, numbersOf), edited);
}

/** `config` with one device node, and leave to use it. */
export function addDeviceNode(
  config: OciConfig,
  node: CdiDeviceNode,
  numbersOf: (hostPath: string) => DeviceNumbers,
): OciConfig {
  const numbers: DeviceNumbers =
    (node.type === "c" || node.type === "b") && node.major !== undefined && node.minor !== undefined
      ? { type: node.type, major: node.major, minor: node.minor }
      : numbersOf(node.hostPath ?? node.path);
  const device: OciDevice = {
    ...numbers,
    path: node.path,
    ...(node.fileMode !== undefined && { fileMode: node.fileMode }),
    ...(node.uid !== undefined && { uid: node.uid }),
    ...(node.gid !== undefined && { gid: node.gid }),
  };
  const { linux } = config;
  return {
    ...config,
    linux: {
      ...linux,
      devices: [...linux.devices.filter((other) => other.path !== node.path), device],
      resources: {
        ...linux.resources,
        devices: [...linux.resources.devices, { allow: true, ...numbers, access: node.permissions ?? "rw" }],
      },
    },
  };
}

function mergeEnvironment(base: string[], added: string[]): string[] {
  const nameOf = (line: string) => line.slice(0, line.indexOf("="));
  const names = new Set(added.map(nameOf));
  return [...base.filter((line) => !names.has(nameOf(line))), ...added];
}
