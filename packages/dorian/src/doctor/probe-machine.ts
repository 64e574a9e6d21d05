import { access, constants, open, readdir, readFile } from "node:fs/promises";
import { release } from "node:os";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { readCgroupLayout } from "@dorian/worker/cgroup/cgroup-layout";
import { runcVersion } from "@dorian/worker/container/runc/runc-version";
import { findCriu } from "@dorian/worker/container/runc/criu";
import { lackOf, reserveOf } from "@dorian/storage/disk-reserve";
import { spaceAt } from "@dorian/storage/free-space";
import { distributionOf } from "./distribution.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { cgroupsOf, type MountLine, mountLines, mountOf } from "./mount-lines.ts";
import { probeContainerNetwork } from "./probe-container-network.ts";
import { probeOverlay } from "./probe-overlay.ts";
import { probeRegistry, registryUrls } from "./probe-registry.ts";
import { requirements } from "./requirements.ts";

const sought = [...requirements, { id: "runsc", file: "runsc" }] as const;
const forwardingPath = "/proc/sys/net/ipv4/ip_forward";

/** Looks at this machine. Leaves nothing behind and changes nothing. */
export async function probeMachine(options: {
  dataDirectory: string;
  searchPath: string;
  /** Addresses to ask instead of those that image pulls go to. */
  registryUrls?: string[];
  signal: AbortSignal;
}): Promise<MachineFacts> {
  const { dataDirectory, searchPath, signal } = options;
  const isRoot = process.getuid?.() === 0;
  const path = await nearestExisting(dataDirectory);
  const mounts = mountLines(await readFile("/proc/self/mountinfo", "utf8"));
  const { urls, operator } = await registryUrls();
  const installed = await findInstalled(searchPath);
  const [version, layout, criu] = await Promise.all([
    installed.runc === undefined ? "" : runcVersion(installed.runc),
    readCgroupLayout().catch(() => undefined),
    findCriu(),
  ]);
  const [overlay, userNamespaces, containerNetwork, registry, storage, gpu, ipForward, namespaces, hasFuse] =
    await Promise.all([
      isRoot ? probeOverlay(path) : ({ kind: "untested" } as const),
      isRoot ? probeUserNamespaces(path) : ({ kind: "untested" } as const),
      isRoot && installed.ip && installed.nft
        ? probeContainerNetwork({ ip: installed.ip, nft: installed.nft })
        : ({ kind: "untested" } as const),
      probeRegistry({ urls: options.registryUrls ?? urls, operator, signal }),
      probeStorage(path, mounts),
      probeGpu(),
      probeForwarding(),
      namesIn("/proc/self/ns"),
      exists("/dev/fuse"),
    ]);
  return {
    isRoot,
    nodeVersion: process.versions.node,
    kernelRelease: release(),
    overlay,
    userNamespaces,
    cgroups: cgroupsOf(mounts, await textOf("/sys/fs/cgroup/cgroup.controllers")),
    namespaces,
    hasFuse,
    distribution: distributionOf(await osRelease()),
    installed,
    runcVersion: version,
    criu,
    swapAccounting: layout?.swapAccounting,
    containerNetwork,
    ipForward,
    gpu,
    storage,
    registry,
  };
}

async function nearestExisting(path: string): Promise<string> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    if (candidate === dirname(candidate) || (await exists(candidate))) return candidate;
  }
}

async function probeUserNamespaces(directory: string): Promise<MachineFacts["userNamespaces"]> {
  const { whyNoUserNamespaces } = await import("@dorian/worker/user-namespace/probe-user-namespaces");
  const reason = await whyNoUserNamespaces(directory);
  return reason === undefined ? { kind: "work" } : { kind: "fail", reason };
}

async function findInstalled(searchPath: string): Promise<MachineFacts["installed"]> {
  // A root shell that came from su may lack the directories of system programs; the worker looks there anyway.
  const directories = [
    ...new Set([...searchPath.split(delimiter), "/usr/sbin", "/sbin", "/usr/bin", "/bin"]),
  ].filter(isAbsolute);
  const found: MachineFacts["installed"] = {};
  for (const { id, file } of sought) {
    const candidates = isAbsolute(file) ? [file] : directories.map((directory) => join(directory, file));
    for (const path of candidates) {
      const mode = isAbsolute(file) ? constants.R_OK : constants.X_OK;
      if (found[id] === undefined && (await exists(path, mode))) found[id] = path;
    }
  }
  return found;
}

/** The two places that the file may have. */
async function osRelease(): Promise<string> {
  return (await textOf("/etc/os-release")) || (await textOf("/usr/lib/os-release"));
}

async function probeStorage(path: string, mounts: MountLine[]): Promise<MachineFacts["storage"]> {
  const { free, size } = spaceAt(path);
  return {
    path,
    fileSystem: mountOf(path, mounts)?.type ?? "unknown",
    freeBytes: free.bytes,
    lack: lackOf({ free, reserve: reserveOf(size) }, { wasShort: false }),
  };
}

async function probeGpu(): Promise<MachineFacts["gpu"]> {
  const devices = (await namesIn("/dev"))
    .filter((name) => /^nvidia\d+$/.test(name))
    .map((name) => `/dev/${name}`);
  const cdiSpecs: string[] = [];
  for (const directory of ["/etc/cdi", "/var/run/cdi"]) {
    for (const name of await namesIn(directory)) {
      if (/\.(ya?ml|json)$/.test(name)) cdiSpecs.push(join(directory, name));
    }
  }
  return { devices, cdiSpecs };
}

async function probeForwarding(): Promise<MachineFacts["ipForward"]> {
  if ((await textOf(forwardingPath)).trim() === "1") return "on";
  try {
    // Opening for writing tells a read-only /proc/sys apart; nothing is written.
    await using _file = await open(forwardingPath, "r+");
    return "can be switched on";
  } catch {
    return "locked off";
  }
}

async function exists(path: string, mode: number = constants.F_OK): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
