import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import { newId } from "@dorian/base/ids";
import {
  ObjectCreationType,
  VolumeFsVersion,
  VolumeGetOrCreateResponseSchema,
  type ModalClient,
} from "@dorian/protocol/modal";
import type { OperatorService } from "@dorian/protocol/operator";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";
import type { Idempotency } from "../database/idempotency.ts";
import type { Environments } from "../environment/environments.ts";
import { checkObjectName } from "../environment/object-name.ts";
import {
  insertVersion,
  volumeNotFound,
  type Volume,
  type VolumeHead,
  type VolumeRegistry,
} from "./volume-registry.ts";

export interface VolumeHandlerOptions {
  volumes: VolumeRegistry;
  environments: Environments;
  idempotency: Idempotency;
}

/** Volumes as objects: making, naming, listing, versions. */
export function createVolumeHandlers(options: VolumeHandlerOptions) {
  const { volumes, environments, idempotency } = options;
  const modal = {
    async volumeGetOrCreate(request, context) {
      const environment = environments.require(request.environmentName).name;
      const { deploymentName: name, objectCreationType: type } = request;
      if (request.version === VolumeFsVersion.V1) {
        throw new AppError("VOLUME_VERSION_UNSUPPORTED", "Dorian's volumes have version 2.", {
          remedy: "Ask for version 2, or for none.",
        });
      }
      const known = volumes.named(environment, name);
      if (type === ObjectCreationType.UNSPECIFIED) {
        if (!known) throw volumeNotFound(name);
        return responseOf(known);
      }
      if (
        type !== ObjectCreationType.CREATE_IF_MISSING &&
        type !== ObjectCreationType.CREATE_FAIL_IF_EXISTS
      ) {
        throw new AppError("VOLUME_KIND_UNSUPPORTED", "Dorian's volumes have names.", {
          status: "UNIMPLEMENTED",
          remedy: "Use Volume.fromName(name, { createIfMissing: true }), and delete it when you are done.",
        });
      }
      checkObjectName("a volume", name);
      if (known && type === ObjectCreationType.CREATE_IF_MISSING) return responseOf(known);
      return await idempotency.once(
        context,
        { method: "VolumeGetOrCreate", schema: VolumeGetOrCreateResponseSchema },
        async (trx) => {
          const existing = await trx
            .selectFrom("volume")
            .selectAll()
            .where("environment", "=", environment)
            .where("name", "=", name)
            .executeTakeFirst();
          if (existing) {
            if (type === ObjectCreationType.CREATE_FAIL_IF_EXISTS) throw exists(name);
            return {
              response: responseOf({
                volumeId: existing.volume_id,
                name,
                createdAt: existing.created_at,
                createdBy: existing.created_by,
              }),
            };
          }
          const volume: Volume = {
            volumeId: newId("vo"),
            environment,
            name,
            createdAt: Date.now(),
            createdBy: authorOf(context),
            deletedAt: undefined,
          };
          await trx
            .insertInto("volume")
            .values({
              volume_id: volume.volumeId,
              environment,
              name,
              ephemeral: 0,
              created_at: volume.createdAt,
              created_by: volume.createdBy,
              deleted_at: null,
            })
            .execute();
          const empty = { volumeId: volume.volumeId, version: 0, layerIds: [] };
          await insertVersion(trx, empty, { layerId: "", author: volume.createdBy, bytes: 0 });
          return { response: responseOf(volume), committed: () => volumes.putNew(volume) };
        },
      );
    },

    async volumeList(request) {
      const environment = environments.require(request.environmentName).name;
      const before = request.pagination?.createdBefore || Number.POSITIVE_INFINITY;
      const max = request.pagination?.maxObjects || Number.POSITIVE_INFINITY;
      const items = [...volumes.all()]
        .filter((volume) => volume.environment === environment && volume.name !== undefined)
        .filter((volume) => volume.createdAt / 1000 < before)
        .toSorted((a, b) => b.createdAt - a.createdAt)
        .slice(0, max)
        .map((volume) => ({
          label: volume.name ?? "",
          volumeId: volume.volumeId,
          createdAt: volume.createdAt / 1000,
          metadata: metadataOf(volume),
        }));
      return { items, environmentName: environment };
    },

    async volumeDelete(request, context) {
      const { volumeId } = request;
      return await idempotency.once(context, { method: "VolumeDelete", schema: EmptySchema }, async (trx) => {
        const volume = volumes.requireNamed(volumeId);
        const deletedAt = Date.now();
        await trx
          .updateTable("volume")
          .set({ name: null, deleted_at: deletedAt })
          .where("volume_id", "=", volumeId)
          .execute();
        return { response: {}, committed: () => volumes.put({ ...volume, name: undefined, deletedAt }) };
      });
    },

    async volumeRename(request, context) {
      const { volumeId, name } = request;
      checkObjectName("a volume", name);
      return await idempotency.once(context, { method: "VolumeRename", schema: EmptySchema }, async (trx) => {
        const volume = volumes.requireNamed(volumeId);
        const taken = await trx
          .selectFrom("volume")
          .select("volume_id")
          .where("environment", "=", volume.environment)
          .where("name", "=", name)
          .executeTakeFirst();
        if (taken && taken.volume_id !== volumeId) throw exists(name);
        await trx.updateTable("volume").set({ name }).where("volume_id", "=", volumeId).execute();
        return { response: {}, committed: () => volumes.put({ ...volume, name }) };
      });
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
      volumes.requireNamed(request.volumeId);
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

/** How versions and volumes name who made them. */
export function authorOf(context: CallContext): string {
  return context.identity.kind === "task" ? context.identity.taskId : "client";
}

export function versionMessage(head: VolumeHead) {
  return { volumeId: head.volumeId, version: BigInt(head.version), layerIds: [...head.layerIds] };
}

type Described = Pick<Volume, "volumeId" | "name" | "createdAt" | "createdBy">;

function responseOf(volume: Described) {
  return { volumeId: volume.volumeId, version: VolumeFsVersion.V2, metadata: metadataOf(volume) };
}

export function metadataOf(volume: Described) {
  return {
    version: VolumeFsVersion.V2,
    name: volume.name ?? "",
    creationInfo: { createdAt: volume.createdAt / 1000, createdBy: volume.createdBy },
  };
}

function exists(name: string): AppError {
  return new AppError("VOLUME_EXISTS", `There is a volume named "${name}" already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Use it, or choose another name.",
  });
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
