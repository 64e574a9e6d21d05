import type { Interpreter } from "@dorian/python/interpreters";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { Logger } from "pino";
import type { ContainerRuntimes } from "../container/container-runtimes.ts";
import type { LimitWatches } from "../container/hold-to-limits.ts";
import type { WorkerDirectories } from "../machine/worker-directories.ts";
import type { NetworkPool } from "../network/network-pool.ts";
import type { OperatorSettings } from "@dorian/operator/operator-settings";
import type { VolumeHeads } from "../volume/mounted-volume.ts";

/** What builds need of the worker that runs them. */
export interface BuildDependencies extends LimitWatches {
  layers: LayerStore;
  /** What the layers of one fetched image may hold together. */
  imageLimitBytes: number;
  /** Steps run in what the operator chose for functions that ask for nothing else. */
  runtimes: ContainerRuntimes;
  network: Pick<NetworkPool, "acquireForBuild">;
  operator: OperatorSettings;
  /** Where versions of volumes that builds write to are recorded. */
  heads: VolumeHeads;
  directories: Pick<WorkerDirectories, "runtime" | "scratch">;
  /** Takes a directory of a build out of the way for good. Never throws. */
  discard: (path: string) => Promise<void>;
  dataDirectory: string;
  /** Folder of the npm package that images get beside Node. */
  npmDirectory: string;
  /** The Pythons of this machine, of which images can get copies. */
  findInterpreters: () => Promise<Interpreter[]>;
  logger: Logger;
}
