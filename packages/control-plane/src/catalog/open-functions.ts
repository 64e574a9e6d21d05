import type { Logger } from "pino";
import type { Stores } from "../database/open-stores.ts";
import type { Environments } from "../access/environment/environments.ts";
import type { WebAddresses } from "../dispatch/ports.ts";
import { readBlob } from "./blob/read-blob.ts";
import { Catalog } from "./function/function-catalog.ts";
import { openPlatformMounts, type PythonSupplies } from "./mount/open-platform-mounts.ts";
import type { Registries } from "./registries.ts";

export interface FunctionsOptions {
  stores: Stores;
  registries: Registries;
  environments: Environments;
  web: WebAddresses;
  dataDirectory: string;
  supplies: PythonSupplies | undefined;
  logger: Logger;
  nowMs: () => number;
}

/** Functions as dispatch sees them, and the code that the platform gives to their containers. */
export async function openFunctions(options: FunctionsOptions) {
  const { stores, registries, environments, web, dataDirectory, supplies, logger, nowMs } = options;
  const { mounts, mountNames: names, blobs } = registries;
  const platformMounts = await openPlatformMounts({
    ...stores,
    mounts,
    names,
    dataDirectory,
    logger,
    ...supplies,
  });
  const catalog = new Catalog({
    ...registries,
    environments,
    web,
    platformMounts,
    journal: stores.journal,
    nowMs,
    async layersPresent(image) {
      const present = await Promise.all(image.layerIds.map((layerId) => stores.layers.has(layerId)));
      return present.every(Boolean);
    },
  });
  return {
    platformMounts,
    catalog,
    /** The bytes of a blob that a client or a container has uploaded. */
    readBlob: (blobId: string) => readBlob(blobId, { blobs, blocks: stores.blocks }),
    [Symbol.asyncDispose]: () => platformMounts[Symbol.asyncDispose](),
  };
}
