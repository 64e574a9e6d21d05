import type { CriuFound } from "@dorian/worker/container/runc/criu";
import type { Distribution } from "./distribution.ts";
import type { RequirementId } from "./requirements.ts";

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
  criu: CriuFound;
  userNamespaces: { kind: "work" } | { kind: "fail"; reason: string } | { kind: "untested" };
  cgroups: { layout: "v1" | "v2" | "hybrid" | "none"; controllers: string[] };
  namespaces: string[];
  hasFuse: boolean;
  distribution: Distribution;
  /** Path of each that was found. */
  installed: Partial<Record<RequirementId | "runsc", string>>;
  /** What `runc --version` prints. */
  runcVersion: string;
  /** Whether limits on memory hold for swap, too; undefined where the layout could not be read. */
  swapAccounting: boolean | undefined;
  /** Result of making a bridge, a pair of devices and rules as containers have them, in a network of their own. */
  containerNetwork: { kind: "works" } | { kind: "fails"; reason: string } | { kind: "untested" };
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
