import { AppError } from "@dorian/base/app-error";
import type { ModalClient } from "@dorian/protocol/modal";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { SignedUrls } from "../http/signed-urls.ts";
import type { BlobRegistry } from "./blob-registry.ts";

const maxBytes = 16 * 1024 ** 3;
/** Largest part of an upload. */
export const partBytes = 64 * 1024 ** 2;
const validMs = 24 * 60 * 60_000;

export function createBlobHandlers(options: { blobs: BlobRegistry; urls: SignedUrls }) {
  const { blobs, urls } = options;
  return {
    async blobCreate(request) {
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
      const { blobId } = await blobs.create(size);
      const parts = Math.max(1, Math.ceil(size / partBytes));
      // Always in parts, be it one: clients refuse single addresses of hosts that they do not know.
      const upload = {
        partLength: BigInt(parts === 1 ? size : partBytes),
        uploadUrls: Array.from({ length: parts }, (_, index) =>
          urls.sign({ method: "PUT", path: `/blobs/${blobId}/${index}`, validMs }),
        ),
        completionUrl: urls.sign({ method: "POST", path: `/blobs/${blobId}`, validMs }),
      };
      return {
        blobId,
        uploadTypeOneof: { case: "multipart" as const, value: upload },
        blobIds: [blobId],
        uploadTypesOneof: { case: "multiparts" as const, value: { items: [upload] } },
      };
    },

    async blobGet(request) {
      const { blobId } = blobs.requireComplete(request.blobId);
      return { downloadUrl: urls.sign({ method: "GET", path: `/blobs/${blobId}`, validMs }) };
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}
