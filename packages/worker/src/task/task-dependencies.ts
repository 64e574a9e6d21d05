import type { BucketMounts } from "../bucket/task-buckets.ts";
import type { GuestService } from "@dorian/protocol/guest";
import type { ModalClient, TaskLogs } from "@dorian/protocol/modal";
import type { RequestMemory } from "@dorian/protocol/memory/request-memory";
import type { ServiceClient } from "@dorian/protocol/service";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { Logger } from "pino";
import type { ContainerRuntimes } from "../container/container-runtimes.ts";
import type { LimitWatches } from "../container/hold-to-limits.ts";
import type { NetworkPool } from "../network/network-pool.ts";
import type { Criu } from "../container/runc/criu.ts";
import type { SnapshotOutcome } from "../snapshot/take-snapshot.ts";
import type { UserNamespaces } from "../user-namespace/user-namespaces.ts";
import type { VolumeHeads } from "../volume/mounted-volume.ts";
import type { LaunchDirectories } from "./launcher.ts";
import type { OperatorEnvironment } from "./operator-environment.ts";
import type { ReportedPhase } from "./phase-clock.ts";

/** The control plane, as one task. */
export interface TaskUpstream extends Disposable {
  readonly modal: ServiceClient<typeof ModalClient>;
  readonly guest: ServiceClient<typeof GuestService>;
}

/** What tasks need of the worker that runs them. */
export interface TaskDependencies extends LaunchDirectories, LimitWatches {
  layers: LayerStore;
  runtimes: ContainerRuntimes;
  network: NetworkPool;
  buckets: BucketMounts;
  heads: VolumeHeads;
  /** For containers with user ids of their own. */
  userNamespaces: UserNamespaces | undefined;
  upstream: (taskId: string) => TaskUpstream;
  /** What the requests of all tasks together may hold. */
  requestMemory: RequestMemory;
  /** Short paths for sockets and mount points, on a shared mount. */
  runtimeDirectory: string;
  /** On the file system of the layer store. */
  scratchDirectory: string;
  /** The operator's proxies and certificates, for the way out. */
  operator: OperatorEnvironment;
  /** Takes a directory of a task out of the way for good. Never throws. */
  discard: (path: string) => Promise<void>;
  commitIntervalMs: number;
  /** What takes snapshots of memory; undefined where there is nothing. */
  criu: Criu | undefined;
  onSnapshot: (taskId: string, outcome: SnapshotOutcome) => void;
  onSnapshotUnusable: (taskId: string, snapshot: { layerId: string; reason: string }) => void;
  onLogs: (taskId: string, items: TaskLogs[]) => void;
  nowMs: () => number;
  onPhase: (taskId: string, phase: ReportedPhase) => void;
  logger: Logger;
}
