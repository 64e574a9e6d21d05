import { AppError } from "@dorian/base/app-error";
import type { BlockStore } from "@dorian/storage/block-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import { createHash } from "node:crypto";
import type { HttpRoute } from "../../access/http/http-route.ts";
import { bodyBytes, bodyOf } from "../../access/http/incoming-body.ts";
import { sendFile } from "../../access/http/send-file.ts";
import { signedPaths } from "@dorian/protocol/convention/task-http";
import type { SignedUrls } from "../../access/http/signed-urls.ts";
import { bytesOfPart, partBytes, partCount } from "./blob-parts.ts";
import { sumExpectedBy } from "./whole-upload.ts";
import type { Blob, BlobRegistry } from "./blob-registry.ts";

interface Part {
  /** Only of one that is all of its blob. */
  sha?: string;
  size: number;
  md5: string;
}

/** Addresses of blobs: PUT of parts and POST to complete, or PUT of a whole small one; GET. */
export function blobRoutes(options: {
  blobs: BlobRegistry;
  blocks: BlockStore;
  urls: SignedUrls;
  room: RoomWatch;
}): HttpRoute[] {
  const { blobs, blocks, urls, room } = options;
  const uploads = new Map<string, Map<number, Part>>();
  // Uploads that never end go with their blobs.
  const forgetOld = () => {
    for (const blobId of uploads.keys()) if (!blobs.has(blobId)) uploads.delete(blobId);
  };
  const contentOf = async ({ blobId, size }: Blob, parts: Part[]) => {
    const sha = parts.length === 1 ? parts[0]?.sha : undefined;
    const content = sha === undefined ? await blocks.parted.complete(blobId, size) : { sha, size };
    if (content) return content;
    uploads.delete(blobId);
    throw incomplete({ blobId, size }, 0);
  };
  const completeUpload = async (blobId: string) => {
    const blob = blobs.require(blobId);
    const parts = completeParts(blob, uploads.get(blobId));
    await blobs.complete(blobId, await contentOf(blob, parts));
    uploads.delete(blobId);
    return parts.map(({ md5 }) => md5);
  };
  /** Computes the sums of a blob whose completion is asked for again, since the answer got lost: its content says what that was. */
  const sumsOfCompleted = async (blobId: string) => {
    const { sha256 } = blobs.require(blobId);
    return sha256 === undefined || uploads.has(blobId) ? undefined : await blocks.md5sOf(sha256, partBytes);
  };

  return [
    urls.route(
      "PUT",
      signedPaths.blobs,
      async ({ incoming, response, parameters: { whole }, rest, signal }) => {
        const [blobId = "", part = "0"] = rest.split("/");
        const blob = blobs.require(blobId);
        const index = Number(part);
        const isOnePart = whole !== undefined || partCount(blob.size) === 1;
        const maxBytes = whole === undefined ? partBytes : blob.size;
        using _room = room.hold(bodyBytes(incoming, maxBytes));
        const body = bodyOf(incoming, { maxBytes, tooLarge: () => partTooLarge(maxBytes) });
        const received = isOnePart
          ? await blocks.put(body, { md5: true, signal })
          : await blocks.parted.receive(body, { name: blobId, start: index * partBytes, signal });
        const md5 =
          whole === undefined ? received.md5 : sumExpectedBy(incoming.headers["user-agent"], received.md5);
        const parts = uploads.get(blobId) ?? new Map<number, Part>();
        parts.set(index, { ...received, md5 });
        if (rest === blobId) {
          await blobs.complete(blobId, await contentOf(blob, completeParts(blob, parts)));
        } else {
          if (!uploads.has(blobId)) forgetOld();
          uploads.set(blobId, parts);
        }
        response.writeHead(200, { ETag: `"${md5}"` }).end();
      },
    ),
    urls.route("POST", signedPaths.blobs, async ({ incoming, response, rest: blobId }) => {
      incoming.resume();
      const md5s = (await sumsOfCompleted(blobId)) ?? (await completeUpload(blobId));
      const bytes = Buffer.concat(md5s.map((md5) => Buffer.from(md5, "hex")));
      const etag = `${createHash("md5").update(bytes).digest("hex")}-${md5s.length}`;
      response.writeHead(200, { "Content-Type": "application/xml" });
      response.end(`<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`);
    }),
    urls.route("GET", signedPaths.blobs, async ({ incoming, response, rest, signal }) => {
      const { sha256, size } = blobs.requireComplete(rest);
      const file = { path: blocks.path(sha256), start: 0, end: size };
      if (!(await sendFile({ incoming, response, signal }, file))) throw blobGone(rest);
    }),
  ];
}

function partTooLarge(limit: number): AppError {
  return new AppError("BLOB_PART_TOO_LARGE", `This part of the blob holds at most ${limit} bytes.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Cut the data as the upload's part length says.",
  });
}

function completeParts({ blobId, size }: Blob, received: Map<number, Part> | undefined): Part[] {
  const first = received?.get(0);
  if (first?.size === size) return [first];
  const whole = Array.from({ length: partCount(size) }, (_, index) => received?.get(index)).filter(
    (part, index) => part?.size === bytesOfPart(index, size),
  );
  const parts = whole.filter((part) => part !== undefined);
  if (parts.length === partCount(size)) return parts;
  throw incomplete(
    { blobId, size },
    parts.reduce((sum, part) => sum + part.size, 0),
  );
}

function incomplete({ blobId, size }: Pick<Blob, "blobId" | "size">, bytes: number): AppError {
  return new AppError("BLOB_INCOMPLETE", `The blob ${blobId} has ${bytes} of its ${size} bytes.`, {
    remedy: "Send all parts, then complete the upload. After a restart of the server, send them again.",
  });
}

function blobGone(blobId: string): AppError {
  return new AppError("BLOB_GONE", `The content of the blob ${blobId} is not here any more.`, {
    status: "NOT_FOUND",
    remedy: "Send the data again.",
  });
}
