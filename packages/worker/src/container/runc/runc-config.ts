import type { CgroupLayout } from "../../cgroup/cgroup-layout.ts";
import type { ContainerMount, ContainerSpec } from "../container-spec.ts";
import { containerOomScore } from "../container-oom-score.ts";
import { defaultSeccompProfile } from "../seccomp-profile.ts";
import type { OciConfig, OciIdMapping, OciMount, OciProcess } from "./oci-config.ts";

/**
 * What root may do in a container: what package managers and servers need. Left out of the usual set: NET_RAW (forged
 * packets), MKNOD (device files; whiteouts need none) and AUDIT_WRITE (the host's audit log).
 */
const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "NET_BIND_SERVICE",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
].map((name) => `CAP_${name}`);

const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  // How hot and how hungry the processor is tells what others compute on it.
  "/sys/devices/virtual/powercap",
  "/sys/devices/virtual/thermal",
  "/sys/firmware",
];

const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const cpuPeriodUs = 100_000;

/** Weight of a core in the kernel's terms. */
const sharesOfCore = 1024;
const leastShares = 2;

/** Where a container finds its first process: beside the devices, so that no image has a trace of it. */
const initPath = "/dev/init";

/**
 * The OCI configuration of a container, without its devices. Pure. Resource limits of processes are the worker's own:
 * a higher one could not be set everywhere, and Node has raised what may be raised.
 */
export function runcConfig(
  spec: ContainerSpec,
  host: { layout: CgroupLayout; cgroup: string; architecture: NodeJS.Architecture; init: string },
): OciConfig {
  const { limits } = spec;
  return {
    ociVersion: "1.0.2",
    root: { path: spec.rootfs, readonly: spec.readOnlyRoot ?? false },
    hostname: spec.hostname,
    process: { ...containerProcess(spec), args: [initPath, "--", ...spec.args] },
    mounts: [
      ...systemMounts,
      ...(spec.readOnlyRoot ? writablePlaces : []),
      bind({ source: host.init, target: initPath, readOnly: true }),
      ...spec.mounts.map(bind),
    ],
    linux: {
      cgroupsPath: host.cgroup,
      namespaces: [
        { type: "pid" },
        { type: "mount" },
        { type: "uts" },
        { type: "ipc" },
        ...(spec.userNamespace ? [{ type: "user", path: spec.userNamespace.path }] : []),
        { type: "network", ...(spec.network.kind === "namespace" && { path: spec.network.path }) },
        { type: "cgroup" },
      ],
      ...idMappings(spec.userNamespace),
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        ...(limits.pids !== undefined && { pids: { limit: limits.pids } }),
        ...(limits.memoryBytes !== undefined && {
          memory: {
            limit: limits.memoryBytes,
            ...(host.layout.swapAccounting && { swap: limits.memoryBytes }),
          },
        }),
        cpu: {
          shares: Math.max(
            leastShares,
            Math.round(((limits.milliCpuWeight ?? limits.milliCpu ?? 1000) * sharesOfCore) / 1000),
          ),
          ...(limits.milliCpu !== undefined && {
            quota: Math.max(1000, Math.round((limits.milliCpu * cpuPeriodUs) / 1000)),
            period: cpuPeriodUs,
          }),
        },
      },
      devices: [],
      maskedPaths,
      readonlyPaths,
      seccomp: defaultSeccompProfile(host.architecture),
    },
  };
}

/** What the user namespace has: runc counts on it for one that exists already, too. */
function idMappings(
  userNamespace: ContainerSpec["userNamespace"],
): { uidMappings: OciIdMapping[]; gidMappings: OciIdMapping[] } | undefined {
  if (!userNamespace) return undefined;
  const { ids } = userNamespace;
  const mappings = [{ containerID: 0, hostID: ids.first, size: ids.size }];
  return { uidMappings: mappings, gidMappings: mappings };
}

/** A process of the container with the rights of its first one. */
export function containerProcess(spec: ContainerSpec): OciProcess {
  return {
    terminal: false,
    user: {
      uid: spec.user.uid,
      gid: spec.user.gid,
      ...(spec.user.groups && { additionalGids: spec.user.groups }),
    },
    args: spec.args,
    env: environment(spec.env),
    cwd: spec.cwd,
    capabilities: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: [],
      ambient: [],
    },
    noNewPrivileges: true,
    oomScoreAdj: containerOomScore,
  };
}

/** Writes variables in the form that a process takes them in: NAME=value. */
export function environment(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

const systemMounts: OciMount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  // Without a size of its own: it counts as memory of the container, and data loaders pass whole batches through it.
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  // Language runtimes read their limits there.
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
  },
];

/** What programs write to whatever they do, where the root is read-only. It counts as memory of the container. */
const writablePlaces: OciMount[] = [
  { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"] },
  { destination: "/run", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=755"] },
];

// What is bound was written by others: setuid bits and device files in it mean nothing.
function bind(mount: ContainerMount): OciMount {
  return {
    destination: mount.target,
    type: "bind",
    source: mount.source,
    options: [
      "rbind",
      mount.propagation === "slave" ? "rslave" : "rprivate",
      mount.readOnly ? "ro" : "rw",
      "nosuid",
      "nodev",
      ...(mount.noExec ? ["noexec"] : []),
    ],
  };
}
