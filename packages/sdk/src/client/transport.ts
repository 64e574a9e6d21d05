import type { ModalClient } from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceClient } from "@dorian/protocol/service";

/** What carries the SDK's calls to the server. */
export interface Transport {
  url: string;
  modal: ServiceClient<typeof ModalClient>;
  /** Absent inside containers: a task has no business there. */
  operator?: ServiceClient<typeof OperatorService>;
  /** Directory in which a server on this machine finds links to files that it is to copy itself. */
  handover?: string | undefined;
  /** Inside a container the connection is the task. */
  inContainer: boolean;
}
