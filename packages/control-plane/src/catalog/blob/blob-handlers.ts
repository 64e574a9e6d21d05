import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { Identity, ServiceHandlers } from "@dorian/protocol/service";
import { signedPaths } from "@dorian/protocol/convention/task-http";
import type { RoomWatch } from "@dorian/storage/room-watch";
import { callerIdOf, type SignedUrls } from "../../access/http/signed-urls.ts";
import { partBytes, partCount } from "./blob-parts.ts";
import { sendsWhole } from "./whole-upload.ts";
import type { BlobRegistry } from "./blob-registry.ts";

const maxBytes = 16 * 1024 ** 3;
const validMs = 24 * 60 * 60_000;

export function blobHandlers(options: {
  blobs: BlobRegistry;
  urls: SignedUrls;
  /** Scope of the only environment that a caller reaches; undefined for one that reaches all. */
  scopeOf: (caller: Identity) => string | undefined;
  room: RoomWatch;
}) {
  const { blobs, urls, scopeOf: environmentOf, room } = options;
  return {
    async blobCreate(request, { identity: caller, isLibmodal, clientVersion }) {
      const size = Number(request.contentLength);
      if (size < 0 || size > maxBytes) {
        throw new AppError(
          "BLOB_TOO_LARGE",
          `A blob of ${size} bytes is too large; ${maxBytes} are allowed.`,
          {
            status: "INVALID_ARGUMENT",
            remedy: "Put large data into a volume and pass its path.",
          },
        );
      }
      room.require(size);
      const { blobId } = await blobs.create(size, {
        createdBy: callerIdOf(caller),
        scope: environmentOf(caller),
      });
      const whole = sendsWhole(clientVersion);
      const parts = whole ? 1 : partCount(size);
      const parameters: Record<string, string> = whole ? { whole: "1" } : {};
      // These clients know nothing of parts.
      if (isLibmodal && parts === 1) {
        const path = `${signedPaths.blobs}${blobId}`;
        const value = urls.sign({ caller, method: "PUT", path, validMs });
        return { blobId, uploadTypeOneof: { case: "uploadUrl" as const, value }, blobIds: [blobId] };
      }
      // Always in parts, be it one: Python's clients refuse single addresses of hosts that they do not know.
      const upload = {
        partLength: BigInt(parts === 1 ? size : partBytes),
        uploadUrls: Array.from({ length: parts }, (_, index) => {
          const path = `${signedPaths.blobs}${blobId}/${index}`;
          return urls.sign({ caller, method: "PUT", path, parameters, validMs });
        }),
        completionUrl: urls.sign({ caller, method: "POST", path: `${signedPaths.blobs}${blobId}`, validMs }),
      };
      return {
        blobId,
        uploadTypeOneof: { case: "multipart" as const, value: upload },
        blobIds: [blobId],
        uploadTypesOneof: { case: "multiparts" as const, value: { items: [upload] } },
      };
    },

    async blobGet(request, { identity: caller }) {
      const lent = blobs.lent(request.blobId);
      if (lent !== undefined) return { downloadUrl: lent };
      const { blobId } = blobs.requireComplete(request.blobId);
      const path = `${signedPaths.blobs}${blobId}`;
      return { downloadUrl: urls.sign({ caller, method: "GET", path, validMs }) };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
