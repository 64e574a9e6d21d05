import { AppError } from "@dorian/base/app-error";
import type { BlockStore } from "@dorian/storage/block-store";
import { readFile } from "node:fs/promises";
import type { BlobRegistry } from "./blob-registry.ts";

/** What goes on from here travels in a message, which holds as much at most. */
const mostBytes = 100 * 1024 * 1024;

/** The bytes of a complete blob that is small enough to be held. @throws AppError BLOB_TOO_LARGE */
export async function readBlob(
  blobId: string,
  { blobs, blocks }: { blobs: Pick<BlobRegistry, "requireComplete">; blocks: Pick<BlockStore, "path"> },
): Promise<Uint8Array> {
  const { sha256, size } = blobs.requireComplete(blobId);
  if (size <= mostBytes) return await readFile(blocks.path(sha256));
  throw new AppError(
    "BLOB_TOO_LARGE",
    `The blob ${blobId} has ${size} bytes; what is passed on by the server has at most ${mostBytes}.`,
    {
      status: "RESOURCE_EXHAUSTED",
      remedy: "Send a web answer in parts; give a function without a network less at a time, or a volume.",
    },
  );
}
