export type ProgramName = "runc" | "runsc" | "tini-static" | "nft" | "ip" | "mmdebstrap";

/** What the probes found on this machine; the verdicts are drawn from it alone. */
export interface MachineFacts {
  isRoot: boolean;
  nodeVersion: string;
  kernelRelease: string;
  /** Result of mounting an overlay in the data directory, and then another in its place. */
  overlay:
    | { kind: "works"; replace: "beneath" | "on top" }
    | { kind: "fails"; reason: string }
    | { kind: "untested" };
  /** Result of making all that a container with user ids of its own needs, in the data directory. */
  userNamespaces: { kind: "work" } | { kind: "fail"; reason: string } | { kind: "untested" };
  cgroups: { layout: "v1" | "v2" | "hybrid" | "none"; controllers: string[] };
  namespaces: string[];
  hasFuse: boolean;
  /** Path of each program that was found. */
  programs: Partial<Record<ProgramName, string>>;
  /** What `runc --version` prints. */
  runcVersion: string;
  /** Whether limits on memory hold for swap, too; undefined where the layout could not be read. */
  swapAccounting: boolean | undefined;
  ipForward: "on" | "can be switched on" | "locked off";
  gpu: { devices: string[]; cdiSpecs: string[] };
  storage: {
    path: string;
    fileSystem: string;
    freeBytes: number;
    /** What server and worker miss of what they keep free, unless they were told to keep more or less. */
    lack: "bytes" | "files" | undefined;
  };
  registry: { kind: "reachable"; url: string } | { kind: "unreachable"; url: string; reason: string };
}
