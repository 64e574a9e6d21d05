import type { BlockStore } from "@dorian/storage/block-store";
import type { LayerStore } from "@dorian/storage/layer-store";
import { AppRegistry } from "./app/app-registry.ts";
import { BlobRegistry } from "./blob/blob-registry.ts";
import { ClassRegistry } from "./class/class-registry.ts";
import type { Database } from "../database/database.ts";
import { Idempotency } from "../database/idempotency.ts";
import type { Journal } from "../database/journal.ts";
import { Environments } from "../access/environment/environments.ts";
import { Catalog } from "./function/function-catalog.ts";
import type { PythonMountSources } from "./function/python-mounts.ts";
import { FunctionRegistry } from "./function/function-registry.ts";
import { ImageRegistry } from "./image/image-registry.ts";
import { MountNames } from "./mount/mount-names.ts";
import { MountStore } from "./mount/mount-store.ts";
import type { WebAddresses } from "../dispatch/ports.ts";
import { SecretStore } from "./secret/secret-store.ts";
import type { ServerKeys } from "../access/keys/server-keys.ts";
import { VolumeRegistry } from "./volume/volume-registry.ts";

export interface Stores {
  db: Database;
  journal: Journal;
  layers: LayerStore;
  blocks: BlockStore;
}

/** Everything that is known by name or id, read from the database into memory. */
export interface Registries {
  apps: AppRegistry;
  blobs: BlobRegistry;
  catalog: Catalog;
  classes: ClassRegistry;
  environments: Environments;
  functions: FunctionRegistry;
  idempotency: Idempotency;
  images: ImageRegistry;
  mounts: MountStore;
  mountNames: MountNames;
  secrets: SecretStore;
  volumes: VolumeRegistry;
  web: WebAddresses;
}

export async function loadRegistries(
  stores: Stores,
  keys: ServerKeys,
  {
    web,
    platformMounts,
    refuse,
  }: {
    web: WebAddresses;
    platformMounts: PythonMountSources["platformMounts"];
    /** See {@link Idempotency}. */
    refuse: (method: string) => void;
  },
): Promise<Registries> {
  const { db, journal, layers, blocks } = stores;
  const registries = {
    apps: await AppRegistry.load(db),
    blobs: await BlobRegistry.load({ db, journal }),
    classes: await ClassRegistry.load(db),
    environments: await Environments.load({ db, journal }),
    functions: await FunctionRegistry.load(db),
    idempotency: new Idempotency({ db, journal, refuse }),
    images: await ImageRegistry.load(db),
    mounts: await MountStore.load({ db, journal, layers, blocks }),
    mountNames: await MountNames.load({ db, journal }),
    secrets: await SecretStore.load({ db, journal, keys }),
    volumes: await VolumeRegistry.load({ db, journal, layers }),
    web,
  };
  const catalog = new Catalog({
    ...registries,
    platformMounts,
    journal,
    layersPresent: async (image) => {
      const present = await Promise.all(image.layerIds.map((layerId) => layers.has(layerId)));
      return present.every(Boolean);
    },
  });
  return { ...registries, catalog };
}
