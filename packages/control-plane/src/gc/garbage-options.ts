import type { BlockStore } from "@dorian/storage/block-store";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { AppRegistry } from "../catalog/app/app-registry.ts";
import type { BlobRegistry } from "../catalog/blob/blob-registry.ts";
import type { ClassRegistry } from "../catalog/class/class-registry.ts";
import type { Database } from "../database/database.ts";
import type { Idempotency } from "../database/idempotency.ts";
import type { Journal } from "../database/journal.ts";
import type { FunctionRegistry } from "../catalog/function/function-registry.ts";
import type { ImageBuilds } from "../catalog/image-build/image-builds.ts";
import type { ImageRegistry } from "../catalog/image/image-registry.ts";
import type { MountNames } from "../catalog/mount/mount-names.ts";
import type { MountStore } from "../catalog/mount/mount-store.ts";
import type { SecretStore } from "../catalog/secret/secret-store.ts";
import type { Tasks } from "../dispatch/task/tasks.ts";
import type { VolumeRegistry } from "../catalog/volume/volume-registry.ts";

/** Everything that may refer to what is kept on disk. */
export interface GarbageOptions {
  dataDirectory: string;
  db: Database;
  journal: Journal;
  layers: LayerStore;
  blocks: BlockStore;
  apps: AppRegistry;
  functions: FunctionRegistry;
  classes: ClassRegistry;
  images: ImageRegistry;
  builds: ImageBuilds;
  mounts: MountStore;
  mountNames: MountNames;
  secrets: SecretStore;
  volumes: VolumeRegistry;
  blobs: BlobRegistry;
  idempotency: Idempotency;
  tasks: Pick<Tasks, "live">;
}
