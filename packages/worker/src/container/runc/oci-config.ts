import type { SeccompProfile } from "../seccomp-profile.ts";

/** The parts of the OCI runtime specification's config.json that we write. */
export interface OciConfig {
  ociVersion: string;
  root: { path: string; readonly: boolean };
  hostname: string;
  process: OciProcess;
  mounts: OciMount[];
  hooks?: OciHooks;
  annotations?: Record<string, string>;
  linux: {
    cgroupsPath: string;
    namespaces: { type: string; path?: string }[];
    uidMappings?: OciIdMapping[];
    gidMappings?: OciIdMapping[];
    resources: {
      devices: { allow: boolean; type?: string; major?: number; minor?: number; access: string }[];
      pids?: { limit: number };
      memory?: { limit: number; swap?: number };
      cpu: { shares: number; quota?: number; period?: number };
    };
    devices: OciDevice[];
    maskedPaths: string[];
    readonlyPaths: string[];
    seccomp: SeccompProfile;
  };
}

export interface OciIdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export interface OciProcess {
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  user: { uid: number; gid: number; additionalGids?: number[] };
  args: string[];
  env: string[];
  cwd: string;
  capabilities: Record<"bounding" | "effective" | "permitted" | "inheritable" | "ambient", string[]>;
  noNewPrivileges: boolean;
  oomScoreAdj: number;
}

export interface OciMount {
  destination: string;
  type: string;
  source: string;
  options: string[];
}

export interface OciDevice {
  /** In the container. */
  path: string;
  type: "c" | "b";
  major: number;
  minor: number;
  fileMode?: number;
  uid?: number;
  gid?: number;
}

export type OciHookName =
  | "prestart"
  | "createRuntime"
  | "createContainer"
  | "startContainer"
  | "poststart"
  | "poststop";

export type OciHooks = Partial<
  Record<OciHookName, { path: string; args?: string[]; env?: string[]; timeout?: number }[]>
>;
