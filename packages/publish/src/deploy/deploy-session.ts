import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";
import type { Transport } from "@dorian/sdk/client/transport";
import type { LocalDigests } from "./local-digests.ts";
import type { OnProgress } from "./progress.ts";

/** What every step of one deployment needs. */
export interface DeploySession {
  transport: Transport;
  modal: ServiceClient<typeof ModalClient>;
  appId: string;
  appName: string;
  /** Absolute path of the user's bundle in containers. */
  modulePath: string;
  /** The code mount that holds it. */
  codeMountId: string;
  forceBuild: boolean;
  ignoreCache: boolean;
  digests: LocalDigests;
  onProgress: OnProgress;
  signal: AbortSignal;
}
