import { AsyncLocalStorage } from "node:async_hooks";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceClient } from "@dorian/protocol/service";

/** What code finds that runs in a container of this process. */
export interface ContainerContext {
  taskId: string;
  /** Calls as this container. */
  modal: ServiceClient<typeof ModalClient>;
  env: Record<string, string | undefined>;
  volumes: readonly MountedDirectory[];
}

/** A directory that stands at a path of the container's. */
export interface MountedDirectory {
  /** Where the container's code finds it. */
  mountPath: string;
  /** Where it lies. */
  directory: string;
  readOnly: boolean;
}

const storage = new AsyncLocalStorage<ContainerContext>();

/** The container that the calling code runs in; undefined outside of all. */
export function currentContainer(): ContainerContext | undefined {
  return storage.getStore();
}

/** Runs code, and all that it starts, as a container. */
export function withinContainer<T>(container: ContainerContext, run: () => T): T {
  return storage.run(container, run);
}
