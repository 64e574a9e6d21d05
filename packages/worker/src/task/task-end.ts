import type { StatusName } from "@dorian/base/app-error";
import type { GenericResult } from "@dorian/protocol/modal";

/** How a task ended, for the server to judge. */
export interface TaskEnd {
  exitCode: number;
  signal: string;
  outOfMemory: boolean;
  /** The limit that was reached; absent when it was that of all containers together. */
  memoryLimitMb?: number;
  failure?: GenericResult;
  /** Its worker stops: another one shall do what it had. */
  interrupted?: boolean;
  /** What a build function wrote; undefined when it was not frozen. */
  frozen?: { layerId: string | undefined; bytes: number };
  /** What kept it from starting, or made the worker end it. */
  failureStatus?: StatusName;
  /** It ran before this worker was started: nobody knows how it ended. */
  isUnknown?: true;
  wasStopped?: boolean;
  wasLeaving?: boolean;
  /** The signal that its own code sent to it. */
  ownSignal?: string;
  /** V8 aborted because its heap was full. */
  heapFull?: boolean;
}
