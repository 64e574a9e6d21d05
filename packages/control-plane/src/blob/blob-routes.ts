import { AppError, messageOf } from "@dorian/base/app-error";
import type { BlockStore } from "@dorian/storage/block-store";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { must } from "@dorian/base/must";
import type { HttpRoute } from "../http/http-route.ts";
import { limitBytes } from "../http/limit-bytes.ts";
import type { SignedUrls } from "../http/signed-urls.ts";
import { partBytes } from "./blob-handlers.ts";
import type { BlobRegistry } from "./blob-registry.ts";

interface Part {
  sha: string;
  size: number;
  md5: string;
}

/** Addresses of blobs: PUT of parts, POST to complete, GET. */
export function createBlobRoutes(options: {
  blobs: BlobRegistry;
  blocks: BlockStore;
  urls: SignedUrls;
}): HttpRoute[] {
  const { blobs, blocks, urls } = options;
  const uploads = new Map<string, Map<number, Part>>();
  const joined = async (parts: Part[], signal: AbortSignal) => {
    const [only] = parts;
    if (only && parts.length === 1) return only;
    return await blocks.put(concatenated(parts.map((part) => blocks.path(part.sha))), { signal });
  };

  return [
    {
      method: "PUT",
      prefix: "/blobs/",
      async handle({ incoming, response, url, rest, signal }) {
        urls.verify("PUT", url);
        const [blobId = "", part = ""] = rest.split("/");
        blobs.require(blobId);
        const md5 = createHash("md5");
        const { sha, size } = await blocks.put(
          observed(limitBytes(incoming, partBytes, partTooLarge), (chunk) => md5.update(chunk)),
          { signal },
        );
        const digest = md5.digest("hex");
        const parts = uploads.get(blobId) ?? new Map<number, Part>();
        parts.set(Number(part), { sha, size, md5: digest });
        uploads.set(blobId, parts);
        response.writeHead(200, { ETag: `"${digest}"` }).end();
      },
    },
    {
      method: "POST",
      prefix: "/blobs/",
      async handle({ incoming, response, url, rest: blobId, signal }) {
        urls.verify("POST", url);
        incoming.resume();
        const parts = completeParts(blobId, uploads.get(blobId));
        await blobs.complete(blobId, await joined(parts, signal));
        uploads.delete(blobId);
        const md5s = Buffer.concat(parts.map((part) => Buffer.from(part.md5, "hex")));
        const etag = `${createHash("md5").update(md5s).digest("hex")}-${parts.length}`;
        response.writeHead(200, { "Content-Type": "application/xml" });
        response.end(`<CompleteMultipartUploadResult><ETag>"${etag}"</ETag></CompleteMultipartUploadResult>`);
      },
    },
    {
      method: "GET",
      prefix: "/blobs/",
      async handle({ response, url, rest, signal }) {
        urls.verify("GET", url);
        const blob = blobs.requireComplete(rest);
        response.writeHead(200, {
          "Content-Length": blob.size,
          "Content-Type": "application/octet-stream",
        });
        await pipeline(createReadStream(blocks.path(blob.sha256)), response, { signal });
      },
    },
  ];
}

function partTooLarge(): AppError {
  return new AppError("BLOB_PART_TOO_LARGE", `A part of a blob holds at most ${partBytes} bytes.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Cut the data as the upload's part length says.",
  });
}

function completeParts(blobId: string, parts: Map<number, Part> | undefined): Part[] {
  const count = parts?.size ?? 0;
  const missing = count === 0 || !Array.from({ length: count }).every((_, index) => parts?.has(index));
  if (missing) {
    throw new AppError("BLOB_INCOMPLETE", `Parts of the blob ${blobId} are missing.`, {
      remedy: "Send all parts, then complete the upload. After a restart of the server, send them again.",
    });
  }
  return Array.from({ length: count }, (_, index) => must(parts?.get(index), "a part of a complete upload"));
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
