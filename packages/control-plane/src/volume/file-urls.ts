import { AppError, errnoOf } from "@dorian/base/app-error";
import type { BlockStore } from "@dorian/storage/block-store";
import type { LayerStore } from "@dorian/storage/layer-store";
import { createReadStream } from "node:fs";
import { join, relative } from "node:path";
import { pipeline } from "node:stream/promises";
import type { HttpRoute } from "../http/http-route.ts";
import { limitBytes } from "../http/limit-bytes.ts";
import type { SignedUrls } from "../http/signed-urls.ts";

/** Bytes of a file that one address stands for. */
const urlBytes = 8 * 1024 * 1024;
const validMs = 60 * 60_000;

/** Addresses for the bytes of volume files: GET of a range of a file, PUT of a block to make files of. */
export class FileUrls {
  readonly routes: HttpRoute[];
  #urls: SignedUrls;
  #layers: LayerStore;

  constructor(options: { urls: SignedUrls; layers: LayerStore; blocks: BlockStore }) {
    this.#urls = options.urls;
    this.#layers = options.layers;
    this.routes = [this.#get(), this.#put(options.blocks)];
  }

  /** Addresses of the bytes from `start` to `end` of a file in a layer, 8 MiB each. */
  get(layerId: string, hostPath: string, range: { start: number; end: number }): string[] {
    const path = relative(this.#layers.path(layerId), hostPath);
    const addresses: string[] = [];
    for (let start = range.start; start < range.end; start += urlBytes) {
      const end = Math.min(start + urlBytes, range.end);
      const parameters = { path, start: String(start), end: String(end) };
      addresses.push(this.#urls.sign({ method: "GET", path: `/layers/${layerId}`, parameters, validMs }));
    }
    return addresses;
  }

  put(sha: string): string {
    return this.#urls.sign({ method: "PUT", path: `/blocks/${sha}`, validMs });
  }

  /** @throws AppError BLOCK_RECEIPT_INVALID when `receipt` is not what the PUT of that block answered */
  checkReceipt(sha: string, receipt: Uint8Array): void {
    if (Buffer.from(receipt).toString("utf8") === this.#urls.receipt(sha)) return;
    throw new AppError("BLOCK_RECEIPT_INVALID", `The receipt of the block ${sha} is not this server's.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Pass the body of the PUT's answer unchanged.",
    });
  }

  #get(): HttpRoute {
    return {
      method: "GET",
      prefix: "/layers/",
      handle: async ({ response, url, rest: layerId, signal }) => {
        const { path = "", start, end } = this.#urls.verify("GET", url);
        const [from, to] = [Number(start), Number(end)];
        const file = createReadStream(join(this.#layers.path(layerId), path), { start: from, end: to - 1 });
        file.once("open", () => {
          response.writeHead(200, {
            "Content-Length": to - from,
            "Content-Type": "application/octet-stream",
          });
        });
        try {
          await pipeline(file, response, { signal });
        } catch (error) {
          throw errnoOf(error) === "ENOENT" ? versionGone(error) : error;
        }
      },
    };
  }

  #put(blocks: BlockStore): HttpRoute {
    return {
      method: "PUT",
      prefix: "/blocks/",
      handle: async ({ incoming, response, url, rest: sha, signal }) => {
        this.#urls.verify("PUT", url);
        if (Number(incoming.headers["content-length"] ?? 0) > urlBytes) throw tooLarge();
        await blocks.put(limitBytes(incoming, urlBytes, tooLarge), { expectedSha: sha, signal });
        response.writeHead(200, { "Content-Type": "text/plain" });
        response.end(this.#urls.receipt(sha));
      },
    };
  }
}

function versionGone(cause: unknown): AppError {
  return new AppError(
    "VOLUME_VERSION_GONE",
    "The version of the volume that this address belongs to is gone.",
    {
      status: "NOT_FOUND",
      remedy: "Ask for the file again.",
      cause,
    },
  );
}

function tooLarge(): AppError {
  return new AppError("BLOCK_TOO_LARGE", `A block holds at most ${urlBytes} bytes.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Cut the file every 8 MiB.",
  });
}
