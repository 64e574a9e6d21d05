import type { CommitInfo, DeploymentType } from "@dorian/protocol/modal";

/** How one version of an app came about. */
export interface Deployment {
  version: number;
  /** Not what runs: it waits to be promoted. */
  staged: boolean;
  deployedAtMs: number;
  deployedBy: string;
  clientVersion: string;
  tag: string;
  /** The version whose content it has again; 0 when the content is its own. */
  rollbackVersion: number;
  commitInfo: CommitInfo | undefined;
  type: DeploymentType;
}
