import { AppError } from "@dorian/base/app-error";
import { fileBytes, fileName } from "@dorian/base/file-name";
import type { BlockStore } from "@dorian/storage/block-store";
import { blockTooLarge } from "@dorian/storage/file-content";
import type { Place } from "@dorian/storage/block-places";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { RoomWatch } from "@dorian/storage/room-watch";
import type { Identity } from "@dorian/protocol/service";
import { signedPaths } from "@dorian/protocol/convention/task-http";
import { join, relative } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { HttpRoute } from "../../access/http/http-route.ts";
import { bodyBytes, bodyOf } from "../../access/http/incoming-body.ts";
import { sendFile } from "../../access/http/send-file.ts";
import type { SignedUrls } from "../../access/http/signed-urls.ts";

/** Bytes of a file that one address stands for. */
const urlBytes = 8 * 1024 * 1024;
/** Addresses in one answer, some 10 MiB of them: enough for 256 GiB. */
const maxUrls = 32_768;
/** Addresses that are signed before others have their turn: some milliseconds of work. */
const urlsPerTurn = 50;
const validMs = 60 * 60_000;

/** A file in a layer. */
export interface StoredFile {
  layerId: string;
  hostPath: string;
}

/** Addresses for the bytes of volume files: GET of a range of a file, PUT of a block to make files of. */
export class FileUrls {
  readonly routes: HttpRoute[];
  #urls: SignedUrls;
  #layers: LayerStore;

  constructor(options: { urls: SignedUrls; layers: LayerStore; blocks: BlockStore; room: RoomWatch }) {
    this.#urls = options.urls;
    this.#layers = options.layers;
    this.routes = [this.#get(), this.#put(options.blocks, options.room)];
  }

  /**
   * Addresses of the bytes from `start` to `end` of a file in a layer: one for each 8 MiB of the file.
   *
   * @throws AppError VOLUME_RANGE_TOO_LONG
   */
  async get(caller: Identity, file: StoredFile, range: { start: number; end: number }): Promise<string[]> {
    const addresses: string[] = [];
    if (range.end - range.start > maxUrls * urlBytes) throw rangeTooLong(range.end - range.start);
    for (let start = range.start; start < range.end;) {
      const end = Math.min((Math.floor(start / urlBytes) + 1) * urlBytes, range.end);
      addresses.push(this.#sign(caller, file, { start, end }));
      if (addresses.length % urlsPerTurn === 0) await setImmediate();
      start = end;
    }
    return addresses;
  }

  /** The address of a whole file. */
  whole(caller: Identity, file: StoredFile, size: number): string {
    return this.#sign(caller, file, { start: 0, end: size });
  }

  /** The address to send a block to, for its place in a large file if it has one. */
  put(caller: Identity, sha: string, place: Place | undefined): string {
    return this.#urls.sign({
      caller,
      method: "PUT",
      path: `${signedPaths.blocks}${sha}`,
      parameters: place ? { file: place.file, index: String(place.index) } : {},
      validMs,
    });
  }

  /** @throws AppError BLOCK_RECEIPT_INVALID when `receipt` is not what the PUT of that block answered */
  checkReceipt(sha: string, receipt: Uint8Array): void {
    if (Buffer.from(receipt).toString("utf8") === this.#urls.receipt(sha)) return;
    throw new AppError("BLOCK_RECEIPT_INVALID", `The receipt of the block ${sha} is not this server's.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Pass the body of the PUT's answer unchanged.",
    });
  }

  #sign(caller: Identity, { layerId, hostPath }: StoredFile, range: { start: number; end: number }): string {
    const path = relative(this.#layers.path(layerId), hostPath);
    // An address cannot hold a name that is not UTF-8 as it is.
    const place = path.isWellFormed() ? { path } : { bytes: fileBytes(path).toString("base64url") };
    const parameters = { ...place, start: String(range.start), end: String(range.end) };
    return this.#urls.sign({
      caller,
      method: "GET",
      path: `${signedPaths.layers}${layerId}`,
      parameters,
      validMs,
    });
  }

  #get(): HttpRoute {
    return this.#urls.route(
      "GET",
      signedPaths.layers,
      async ({ incoming, response, parameters, rest: layerId, signal }) => {
        const { bytes, start, end } = parameters;
        const path = bytes === undefined ? parameters["path"] : fileName(Buffer.from(bytes, "base64url"));
        const file = {
          path: join(this.#layers.path(layerId), path ?? ""),
          start: Number(start),
          end: Number(end),
        };
        if (!(await sendFile({ incoming, response, signal }, file))) throw versionGone();
      },
    );
  }

  #put(blocks: BlockStore, room: RoomWatch): HttpRoute {
    return this.#urls.route(
      "PUT",
      signedPaths.blocks,
      async ({ incoming, response, parameters, rest: sha, signal }) => {
        const tooLarge = () => blockTooLarge(urlBytes);
        if (Number(incoming.headers["content-length"] ?? 0) > urlBytes) throw tooLarge();
        using _room = room.hold(bodyBytes(incoming, urlBytes));
        const body = bodyOf(incoming, { maxBytes: urlBytes, tooLarge });
        const { file, index } = parameters;
        if (file === undefined) await blocks.put(body, { expectedSha: sha, signal });
        else await blocks.large.receive(body, { sha, place: { file, index: Number(index) }, signal });
        response.writeHead(200, { "Content-Type": "text/plain" });
        response.end(this.#urls.receipt(sha));
      },
    );
  }
}

function rangeTooLong(bytes: number): AppError {
  const most = maxUrls * urlBytes;
  return new AppError(
    "VOLUME_RANGE_TOO_LONG",
    `The addresses of ${bytes} bytes are too many for one answer; it gives those of ${most} bytes.`,
    {
      status: "OUT_OF_RANGE",
      remedy: `Ask for the file in ranges of ${most} bytes at most, by \`start\` and \`len\`, as \`dorian volume get\` does.`,
    },
  );
}

function versionGone(): AppError {
  return new AppError(
    "VOLUME_VERSION_GONE",
    "The version of the volume that this address belongs to is gone.",
    {
      status: "NOT_FOUND",
      remedy: "Ask for the file again.",
    },
  );
}
