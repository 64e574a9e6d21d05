import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import {
  ObjectCreationType,
  VolumeCreateResponseSchema,
  VolumeFsVersion,
  VolumeGetOrCreateResponseSchema,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";
import type { AppRegistry } from "../app/app-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { checkObjectName } from "../../access/object-name.ts";
import { getOrCreateObject } from "../named-object/get-or-create.ts";
import type { Lifetimes } from "../named-object/lifetimes.ts";
import { newestFirst } from "../named-object/newest-first.ts";
import { metadataOf, type Volume } from "./volume.ts";
import type { VolumeRegistry } from "./volume-registry.ts";
import { versionMessage } from "./task-volumes.ts";

export interface VolumeHandlerOptions {
  volumes: VolumeRegistry;
  apps: AppRegistry;
  environments: Environments;
  lifetimes: Lifetimes;
  idempotency: Idempotency;
}

/** Volumes as objects: making, naming, listing, versions. */
export function volumeHandlers(options: VolumeHandlerOptions) {
  const { volumes, apps, environments, lifetimes, idempotency } = options;
  const creating = (version: VolumeFsVersion) => ({
    kind: volumes,
    apps,
    idempotency,
    // Clients that name no version count on the first.
    traits: { fsVersion: version === VolumeFsVersion.UNSPECIFIED ? VolumeFsVersion.V1 : version },
  });
  const modal = {
    async volumeGetOrCreate(request, context) {
      const wanted = {
        scope: environments.require(request.environmentName).scope,
        name: request.deploymentName,
        type: request.objectCreationType,
        appId: request.appId,
      };
      const once = { method: "VolumeGetOrCreate", schema: VolumeGetOrCreateResponseSchema };
      return await getOrCreateObject(creating(request.version), context, once, wanted, responseOf);
    },

    async volumeCreate(request, context) {
      const { appId } = request;
      const { scope } = apps.requireOpen(appId);
      const wanted = { scope, name: "", type: ObjectCreationType.ANONYMOUS_OWNED_BY_APP, appId };
      const once = { method: "VolumeCreate", schema: VolumeCreateResponseSchema };
      return await getOrCreateObject(creating(request.version), context, once, wanted, (volume) => ({
        volumeId: volume.volumeId,
        version: volume.fsVersion,
      }));
    },

    async volumeGetById(request) {
      const volume = volumes.requireAlive(request.volumeId);
      return { volumeId: volume.volumeId, metadata: metadataOf(volume) };
    },

    async volumeHeartbeat(request) {
      lifetimes.heartbeat(volumes.requireAlive(request.volumeId).volumeId);
      return {};
    },

    async volumeList(request) {
      const { environmentName, page } = newestFirst(volumes.all(), environments, request);
      return {
        environmentName,
        items: page.map((volume) => ({
          label: volume.name,
          volumeId: volume.volumeId,
          createdAt: volume.createdAtMs / 1000,
          metadata: metadataOf(volume),
        })),
      };
    },

    async volumeDelete(request, context) {
      const once = { method: "VolumeDelete", schema: EmptySchema };
      return await idempotency.once(context, once, async (trx) => ({
        response: {},
        committed: await volumes.delete(trx, request.volumeId),
      }));
    },

    async volumeRename(request, context) {
      const { volumeId, name } = request;
      checkObjectName("a volume", name);
      const once = { method: "VolumeRename", schema: EmptySchema };
      return await idempotency.once(context, once, async (trx) => ({
        response: {},
        committed: await volumes.rename(trx, volumeId, name),
      }));
    },

    async volumeCommit() {
      throw outsideContainer("committed");
    },

    async volumeReload() {
      throw outsideContainer("reloaded");
    },
  } satisfies ServiceHandlers<typeof ModalClient>;

  const worker = {
    async volumeAppend(request) {
      const { volumeId, layerId, taskId, bytes } = request;
      const author = taskId || "worker";
      return versionMessage(await volumes.append(volumeId, { layerId, author, bytes: Number(bytes) }));
    },

    async volumeHead(request) {
      return versionMessage(volumes.head(request.volumeId));
    },
  } satisfies ServiceHandlers<typeof WorkerService>;

  const operator = {
    async volumeVersions(request) {
      volumes.requireAlive(request.volumeId);
      const rows = await volumes.versions(request.volumeId);
      return {
        items: rows.map((row) => ({
          version: BigInt(row.version),
          createdAt: row.created_at / 1000,
          author: row.author,
          bytes: BigInt(row.bytes),
        })),
      };
    },
  } satisfies ServiceHandlers<typeof OperatorService>;

  return { modal, worker, operator };
}

function responseOf(volume: Volume) {
  return { volumeId: volume.volumeId, version: volume.fsVersion, metadata: metadataOf(volume) };
}

function outsideContainer(done: string): AppError {
  return new AppError(
    "VOLUME_NOT_MOUNTED",
    `A volume can be ${done} only in a container that has it mounted.`,
    {
      remedy: "Call it in a function that mounts the volume. From outside, changes are committed at once.",
    },
  );
}
