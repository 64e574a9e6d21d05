import { timestampNow } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import {
  DeploymentNamespace,
  MountGetOrCreateResponseSchema,
  ObjectCreationType,
  type ModalClient,
  type MountGetOrCreateRequest,
} from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { BlockStore } from "@dorian/storage/block-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { BlobRegistry } from "../blob/blob-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { Environments } from "../../access/environment/environments.ts";
import { requireAllEnvironments } from "../../access/permission/permissions.ts";
import { checkObjectName } from "../../access/object-name.ts";
import { parseMountFiles } from "./mount-files.ts";
import type { MountNames } from "./mount-names.ts";
import type { Mount, MountStore } from "./mount-store.ts";
import { globalScope, type PlatformMounts } from "./platform-mounts.ts";
import { notFoundWords } from "../../access/not-found-words.ts";

const maxDigests = 1000;

export function mountHandlers(options: {
  mounts: MountStore;
  names: MountNames;
  platform: PlatformMounts;
  environments: Environments;
  idempotency: Idempotency;
  blobs: BlobRegistry;
  blocks: BlockStore;
  room: RoomWatch;
}) {
  const { mounts, names, platform, environments, idempotency, blobs, blocks, room } = options;

  const scopeOf = (request: MountGetOrCreateRequest) =>
    request.namespace === DeploymentNamespace.GLOBAL
      ? globalScope
      : environments.require(request.environmentName).scope;

  const lookup = async (request: MountGetOrCreateRequest): Promise<Mount> => {
    const { deploymentName: name } = request;
    const scope = scopeOf(request);
    const known = names.lookup(scope, name);
    const mount =
      (known?.madeBy === "client" ? await mounts.revive(known.mountId) : undefined) ??
      (scope === globalScope ? await platform.lookup(name) : undefined);
    if (mount) return mount;
    throw new AppError("MOUNT_NOT_FOUND", notFoundWords("Mount", { name }), {
      status: "NOT_FOUND",
      remedy: "Check the name and the environment, or publish it first.",
    });
  };

  const create = async (request: MountGetOrCreateRequest, context: CallContext) => {
    const { deploymentName: name } = request;
    // Nameless ones are known by their content: no key tells a repetition.
    if (name === "") {
      room.require();
      return answer(await mounts.getOrCreate(parseMountFiles(request.files)));
    }
    checkObjectName("a mount", name);
    const scope = scopeOf(request);
    if (scope === globalScope) requireAllEnvironments(context, "Naming a mount for all environments");
    const isNew = request.objectCreationType === ObjectCreationType.CREATE_FAIL_IF_EXISTS;
    const call = { method: "MountGetOrCreate", schema: MountGetOrCreateResponseSchema };
    return await idempotency.onceAfter(context, call, async () => {
      const mount = await mounts.getOrCreate(parseMountFiles(request.files));
      const named = { scope, name, mountId: mount.mountId, madeBy: "client" } as const;
      return async (trx) => ({
        response: answer(mount),
        committed: await names.give(trx, named, { isNew }),
      });
    });
  };

  return {
    async mountBatchedCheckExistence(request) {
      const digests = request.sha256HexHashes;
      if (digests.length > maxDigests) {
        throw new AppError("MOUNT_TOO_MANY_DIGESTS", `The call asks about ${digests.length} files.`, {
          status: "INVALID_ARGUMENT",
          remedy: `Ask about at most ${maxDigests} at a time.`,
        });
      }
      const checkedAt = timestampNow();
      const present = await Promise.all(digests.map((sha) => blocks.touch(sha)));
      return { missingSha256HexHashes: digests.filter((_, index) => !present[index]), checkedAt };
    },

    async mountPutFile(request, context) {
      const { sha256Hex, dataOneof } = request;
      const checkedAt = timestampNow();
      switch (dataOneof.case) {
        case "data": {
          using _room = room.hold(dataOneof.value.byteLength);
          await blocks.put(dataOneof.value, { expectedSha: sha256Hex, signal: context.signal });
          // Content that was here already is as old as when it was last asked for.
          return { exists: await blocks.touch(sha256Hex), checkedAt };
        }
        case "dataBlobId": {
          const blob = blobs.requireComplete(dataOneof.value);
          if (blob.sha256 !== sha256Hex) {
            throw new AppError(
              "BLOB_OTHER_CONTENT",
              `The blob ${blob.blobId} is not the file ${sha256Hex}.`,
              {
                status: "INVALID_ARGUMENT",
                remedy: "The file changed while it was sent. Send it again.",
              },
            );
          }
          return { exists: await blocks.touch(sha256Hex), checkedAt };
        }
        case undefined:
          return { exists: await blocks.touch(sha256Hex), checkedAt };
      }
    },

    async mountGetOrCreate(request, context) {
      return request.objectCreationType === ObjectCreationType.UNSPECIFIED
        ? answer(await lookup(request))
        : await create(request, context);
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

function answer(mount: Mount) {
  return { mountId: mount.mountId, handleMetadata: { contentChecksumSha256Hex: mount.checksum } };
}
