import { Idempotency } from "../database/idempotency.ts";
import type { Stores } from "../database/open-stores.ts";
import { RecentAnswers } from "../database/recent-answers.ts";
import type { ServerKeys } from "../access/keys/server-keys.ts";
import { AppRegistry } from "./app/app-registry.ts";
import { BlobRegistry } from "./blob/blob-registry.ts";
import { ClassRegistry } from "./class/class-registry.ts";
import { DictStore } from "./dict/dict-store.ts";
import { FunctionRegistry } from "./function/function-registry.ts";
import { ImageRegistry } from "./image/image-registry.ts";
import { MountNames } from "./mount/mount-names.ts";
import { MountStore } from "./mount/mount-store.ts";
import { QueueStore } from "./queue/queue-store.ts";
import { SecretStore } from "./secret/secret-store.ts";
import { VolumeRegistry } from "./volume/volume-registry.ts";

export interface RegistriesOptions extends Stores {
  keys: ServerKeys;
  nowMs: () => number;
}

/** Everything that is known by name or id, read from the database into memory. */
export type Registries = Awaited<ReturnType<typeof loadRegistries>>;

/** Reads them. What was answered to calls that clients may repeat is remembered in there too. */
export async function loadRegistries({
  db,
  journal,
  layers,
  blocks,
  refuse,
  keys,
  nowMs,
}: RegistriesOptions) {
  await using loading = new AsyncDisposableStack();
  const registries = {
    apps: await AppRegistry.load(db),
    blobs: await BlobRegistry.load({ db, journal, nowMs }),
    classes: await ClassRegistry.load(db),
    functions: await FunctionRegistry.load(db),
    images: await ImageRegistry.load({ db, nowMs }),
    mounts: await MountStore.load({ db, journal, layers, blocks, nowMs }),
    mountNames: await MountNames.load({ db, journal, nowMs }),
    secrets: await SecretStore.load({ db, journal, keys, nowMs }),
    volumes: await VolumeRegistry.load({ db, journal, layers, nowMs }),
    dicts: await DictStore.load({ db, journal, nowMs }),
    queues: loading.use(await QueueStore.load({ db, journal, nowMs })),
    idempotency: new Idempotency({ db, journal, nowMs, refuse }),
    answers: loading.use(await RecentAnswers.load({ db, journal, nowMs, refuse })),
  };
  const resources = loading.move();
  return { ...registries, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
