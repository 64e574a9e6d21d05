import { AppError } from "@dorian/base/app-error";
import { ObjectCreationType, type ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { BlockStore } from "@dorian/storage/block-store";
import type { BlobRegistry } from "../blob/blob-registry.ts";
import { parseMountFiles } from "./mount-files.ts";
import type { MountStore } from "./mount-store.ts";

const maxDigests = 1000;

export function createMountHandlers(options: {
  mounts: MountStore;
  blobs: BlobRegistry;
  blocks: BlockStore;
}) {
  const { mounts, blobs, blocks } = options;
  return {
    async mountBatchedCheckExistence(request) {
      const digests = request.sha256HexHashes;
      if (digests.length > maxDigests) {
        throw new AppError("MOUNT_TOO_MANY_DIGESTS", `The call asks about ${digests.length} files.`, {
          status: "INVALID_ARGUMENT",
          remedy: `Ask about at most ${maxDigests} at a time.`,
        });
      }
      const present = await Promise.all(digests.map((sha) => blocks.touch(sha)));
      return { missingSha256HexHashes: digests.filter((_, index) => !present[index]) };
    },

    async mountPutFile(request, context) {
      const { sha256Hex, dataOneof } = request;
      switch (dataOneof.case) {
        case "data":
          await blocks.put(dataOneof.value, { expectedSha: sha256Hex, signal: context.signal });
          return { exists: true };
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
          return { exists: await blocks.touch(sha256Hex) };
        }
        case undefined:
          return { exists: await blocks.touch(sha256Hex) };
      }
    },

    async mountGetOrCreate(request) {
      if (request.objectCreationType === ObjectCreationType.UNSPECIFIED) {
        throw new AppError("MOUNT_NOT_FOUND", `There is no mount named "${request.deploymentName}".`, {
          status: "NOT_FOUND",
          remedy: "Dorian keeps no named mounts: send the files with the call.",
        });
      }
      if (request.deploymentName !== "") {
        throw new AppError("MOUNT_NAME_UNSUPPORTED", "Dorian keeps no named mounts.", {
          status: "UNIMPLEMENTED",
          remedy: "Leave the name out: equal files are stored once all the same.",
        });
      }
      const mount = await mounts.getOrCreate(parseMountFiles(request.files));
      return { mountId: mount.mountId, handleMetadata: { contentChecksumSha256Hex: mount.checksum } };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
