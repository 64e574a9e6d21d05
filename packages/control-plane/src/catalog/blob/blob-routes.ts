import { AppError, messageOf } from "@dorian/base/app-error";
import type { BlockStore } from "@dorian/storage/block-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import { must } from "@dorian/base/must";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { HttpRoute } from "../../access/http/http-route.ts";
import { bodyBytes, bodyOf, limitBytes } from "../../access/http/limit-bytes.ts";
import { sendFile } from "../../access/http/send-file.ts";
import { signedPaths } from "@dorian/protocol/convention/task-http";
import type { SignedUrls } from "../../access/http/signed-urls.ts";
import { partBytes, partCount } from "./blob-parts.ts";
import { sumExpectedBy } from "./whole-upload.ts";
import type { Blob, BlobRegistry } from "./blob-registry.ts";

interface Part {
  sha: string;
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
  const joined = async (parts: Part[], signal: AbortSignal) => {
    const [only] = parts;
    if (only && parts.length === 1) return only;
    using _room = room.hold(parts.reduce((sum, part) => sum + part.size, 0));
    return await blocks.put(concatenated(parts.map((part) => blocks.path(part.sha))), { signal });
  };

  return [
    urls.route(
      "PUT",
      signedPaths.blobs,
      async ({ incoming, response, parameters: { whole }, rest, signal }) => {
        const [blobId = "", part] = rest.split("/");
        const blob = blobs.require(blobId);
        const limit = whole === undefined ? partBytes : blob.size;
        using _room = room.hold(bodyBytes(incoming, limit));
        const md5 = createHash("md5");
        const { sha, size } = await blocks.put(
          observed(
            limitBytes(bodyOf(incoming), limit, () => partTooLarge(limit)),
            (chunk) => md5.update(chunk),
          ),
          { signal },
        );
        const sum = md5.digest("hex");
        const digest = whole === undefined ? sum : sumExpectedBy(incoming.headers["user-agent"], sum);
        if (part === undefined) {
          const [only] = completeParts(blob, new Map([[0, { sha, size, md5: digest }]]));
          await blobs.complete(blobId, must(only, "the only part"));
          response.writeHead(200, { ETag: `"${digest}"` }).end();
          return;
        }
        const parts = uploads.get(blobId) ?? new Map<number, Part>();
        parts.set(Number(part), { sha, size, md5: digest });
        if (!uploads.has(blobId)) forgetOld();
        uploads.set(blobId, parts);
        response.writeHead(200, { ETag: `"${digest}"` }).end();
      },
    ),
    urls.route("POST", signedPaths.blobs, async ({ incoming, response, rest: blobId, signal }) => {
      incoming.resume();
      const parts = completeParts(blobs.require(blobId), uploads.get(blobId));
      await blobs.complete(blobId, await joined(parts, signal));
      uploads.delete(blobId);
      const md5s = Buffer.concat(parts.map((part) => Buffer.from(part.md5, "hex")));
      const etag = `${createHash("md5").update(md5s).digest("hex")}-${parts.length}`;
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
  const parts = Array.from({ length: partCount(size) }, (_, index) => received?.get(index));
  const complete = parts.filter((part) => part !== undefined);
  const bytes = complete.reduce((sum, part) => sum + part.size, 0);
  if (complete.length === parts.length && bytes === size) return complete;
  throw new AppError("BLOB_INCOMPLETE", `The blob ${blobId} has ${bytes} of its ${size} bytes.`, {
    remedy: "Send all parts, then complete the upload. After a restart of the server, send them again.",
  });
}

function blobGone(blobId: string): AppError {
  return new AppError("BLOB_GONE", `The content of the blob ${blobId} is not here any more.`, {
    status: "NOT_FOUND",
    remedy: "Send the data again.",
  });
}

async function* observed(source: AsyncIterable<Uint8Array>, see: (chunk: Uint8Array) => void) {
  for await (const chunk of source) {
    see(chunk);
    yield chunk;
  }
}

async function* concatenated(paths: string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    try {
      yield* createReadStream(path) as AsyncIterable<Buffer>;
    } catch (error) {
      throw new AppError("BLOB_INCOMPLETE", `A part of the upload cannot be read: ${messageOf(error)}.`, {
        remedy: "Send the data again.",
        cause: error,
      });
    }
  }
}
