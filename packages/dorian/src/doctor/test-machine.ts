import type { MachineFacts } from "./machine-facts.ts";

const gib = 1024 ** 3;
/** A machine on which every check passes. */
export const goodMachine: MachineFacts = {
  isRoot: true,
  nodeVersion: "24.21.0",
  kernelRelease: "6.12.0-amd64",
  overlay: { kind: "works", replace: "beneath" },
  userNamespaces: { kind: "work" },
  cgroups: { layout: "v2", controllers: ["cpu", "memory", "pids", "io"] },
  namespaces: ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"],
  hasFuse: true,
  distribution: {
    name: "Debian GNU/Linux 12 (bookworm)",
    manager: "apt",
    family: "debian",
    release: "bookworm",
  },
  installed: {
    "tini-static": "/usr/bin/tini-static",
    runc: "/usr/sbin/runc",
    runsc: "/usr/bin/runsc",
    nft: "/usr/sbin/nft",
    ip: "/usr/sbin/ip",
    mmdebstrap: "/usr/bin/mmdebstrap",
    s3fs: "/usr/bin/s3fs",
  },
  runcVersion: "runc version 1.3.3\n",
  criu: { criu: { program: "criu", version: "4.2" } },
  swapAccounting: true,
  containerNetwork: { kind: "works" },
  ipForward: "on",
  gpu: { devices: ["/dev/nvidia0"], cdiSpecs: ["/etc/cdi/nvidia.yaml"] },
  storage: { path: "/var/lib", fileSystem: "ext4", freeBytes: 100 * gib, lack: undefined },
  registry: { kind: "reachable", url: "https://registry.example" },
};
