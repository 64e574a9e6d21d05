import type { IdRange } from "@dorian/linux/user-namespace";
import type { TerminalSize } from "@dorian/linux/pseudo-terminal";

/** Everything that a container is made of; whoever starts it has mounted the root file system and the sources. */
export interface ContainerSpec {
  /** Unique on this worker; names the control group, too. Letters, digits, `-`, `_`, `+`, `.`. */
  id: string;
  /** Directory of the mounted root file system. */
  rootfs: string;
  args: string[];
  /** `open`: nothing comes, and it does not end: a shell waits. Default `empty`. */
  stdin?: "open" | "empty";
  env: Record<string, string>;
  cwd: string;
  user: { uid: number; gid: number; groups?: number[] };
  hostname: string;
  mounts: ContainerMount[];
  /** `none`: a namespace with nothing but a loopback interface. */
  network: { kind: "namespace"; path: string } | { kind: "none" };
  /**
   * By the file at which it is mounted. The root file system is to be shown with its ids, and the network's namespace to
   * belong to it. Default: the host's.
   */
  userNamespace?: { path: string; ids: IdRange } | undefined;
  limits: ContainerLimits;
  /** Nothing can be written but to `/tmp`, `/run` and writable mounts. */
  readOnlyRoot?: boolean;
  /** CDI names ("nvidia.com/gpu=0") and paths of device nodes of the host ("/dev/fuse"). */
  devices: string[];
}

export interface ContainerLimits {
  /** Thousandths of a core that it may use at most. */
  milliCpu?: number;
  /** Its part of a busy processor, in thousandths of a core. Default: that of one core. */
  milliCpuWeight?: number;
  /** Default: the worker's for containers that name none, and never less than `memoryRequestBytes`. */
  memoryBytes?: number;
  memoryRequestBytes?: number;
  /** Default: the worker's. */
  pids?: number;
}

export interface ContainerMount {
  /** File or directory on the host. */
  source: string;
  /** Absolute path in the container; made in the root file system when it is not there. */
  target: string;
  readOnly: boolean;
  /** Nothing in it is a program. */
  noExec?: boolean;
  /** `slave`: what is mounted over the source later shows up in the container. Default `private`. */
  propagation?: "slave" | "private";
}

export interface ExecTerminal extends TerminalSize {
  /** Later sizes of the user's window. */
  resizes?: AsyncIterable<TerminalSize>;
}
