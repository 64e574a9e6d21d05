import type { ContainerSpec } from "../container-spec.ts";

/** A program that runs OCI containers, by what it does in its own way. */
export interface Engine {
  program: string;
  /** Before every command. */
  options: (spec: Pick<ContainerSpec, "network">) => string[];
  /** What `run` is given besides. */
  runOptions: readonly string[];
  /**
   * Processes of containers are processes of the host, which mounts and signals reach there; or they live in a kernel of
   * their own, and the host sees that.
   */
  processes: "on the host" | "sandboxed";
  debianPackage: string;
}

export const runcEngine: Engine = {
  program: "runc",
  options: () => [],
  // Kept after its end so that the reason can be read from its control group.
  runOptions: ["--keep"],
  processes: "on the host",
  debianPackage: "runc",
};

/** gVisor: system calls are answered by a kernel in user space, which itself may make few. */
export const runscEngine: Engine = {
  program: "runsc",
  options: ({ network }) => [
    // Of the namespace that the container has, which is its own: gVisor's own stack would take the address away from it.
    `--network=${network.kind === "namespace" ? "host" : "none"}`,
    // The task socket is the host's.
    "--host-uds=open",
    // What is written goes to the private directory on top, as with runc: in memory it would count there.
    "--overlay2=none",
  ],
  runOptions: [],
  processes: "sandboxed",
  debianPackage: "runsc",
};
