import type { CgroupLayout } from "../../cgroup/cgroup-layout.ts";
import type { ContainerSpec } from "../container-spec.ts";
import { defaultSeccompProfile } from "../seccomp-profile.ts";
import type { OciConfig, OciMount, OciProcess } from "./oci-config.ts";

/** What root may do in a container: what package managers and servers need. NET_RAW (forged packets) is left out. */
const capabilities = [
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
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
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const cpuPeriodUs = 100_000;

/**
 * The OCI configuration of a container, without its devices. Pure. Resource limits of processes are the worker's own:
 * a higher one could not be set everywhere, and Node has raised what may be raised.
 */
export function runcConfig(
  spec: ContainerSpec,
  host: { layout: CgroupLayout; cgroup: string; architecture: NodeJS.Architecture },
): OciConfig {
  const { limits } = spec;
  return {
    ociVersion: "1.0.2",
    root: { path: spec.rootfs, readonly: false },
    hostname: spec.hostname,
    process: containerProcess(spec),
    mounts: [...systemMounts, ...spec.mounts.map(bind)],
    linux: {
      cgroupsPath: host.cgroup,
      namespaces: [
        { type: "pid" },
        { type: "mount" },
        { type: "uts" },
        { type: "ipc" },
        { type: "network", ...(spec.network.kind === "namespace" && { path: spec.network.path }) },
        // A v1 namespace would show the container paths that its read-only view of the groups does not have.
        ...(host.layout.kind === "v2" ? [{ type: "cgroup" }] : []),
      ],
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        pids: { limit: limits.pids },
        ...(limits.memoryBytes !== undefined && {
          memory: {
            limit: limits.memoryBytes,
            ...(host.layout.swapAccounting && { swap: limits.memoryBytes }),
          },
        }),
        ...(limits.milliCpu !== undefined && {
          cpu: {
            shares: Math.max(2, Math.round((limits.milliCpu * 1024) / 1000)),
            quota: Math.max(1000, Math.round((limits.milliCpu * cpuPeriodUs) / 1000)),
            period: cpuPeriodUs,
          },
        }),
      },
      devices: [],
      maskedPaths,
      readonlyPaths,
      seccomp: defaultSeccompProfile(host.architecture),
    },
  };
}

/** A process of the container with the rights of its first one. */
export function containerProcess(spec: ContainerSpec): OciProcess {
  return {
    terminal: false,
    user: { uid: spec.user.uid, gid: spec.user.gid },
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
  };
}

/** In the form that a process takes them in: NAME=value. */
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

function bind(mount: ContainerSpec["mounts"][number]): OciMount {
  return {
    destination: mount.target,
    type: "bind",
    source: mount.source,
    options: ["rbind", mount.propagation === "slave" ? "rslave" : "rprivate", mount.readOnly ? "ro" : "rw"],
  };
}
