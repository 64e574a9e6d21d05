import { AppError } from "@dorian/base/app-error";
import { withoutEnding } from "@dorian/base/without-ending";
import { FileEntry_FileType as WireType, type ModalClient } from "@dorian/protocol/modal";
import { shownName } from "@dorian/base/file-name";
import type { ServiceHandlers } from "@dorian/protocol/service";
import type { BlockStore } from "@dorian/storage/block-store";
import type { LayerStore } from "@dorian/storage/layer-store";
import { openStoredFile } from "@dorian/storage/stored-file";
import { listTree, pathNotFound, resolvePath, type FileType } from "@dorian/storage/stack-view";
import type { BlobRegistry } from "../blob/blob-registry.ts";
import type { Idempotency } from "../../database/idempotency.ts";
import type { FileUrls } from "./file-urls.ts";
import { receivedBlocks, receivedWhole } from "./received-files.ts";
import { VolumeEdits } from "./volume-edits.ts";
import type { VolumeRegistry } from "./volume-registry.ts";

const entriesPerMessage = 1000;
/** Bytes that an answer may hold itself. */
const inlineBytes = 8 * 1024 * 1024;

export interface VolumeFileHandlerOptions {
  volumes: VolumeRegistry;
  layers: LayerStore;
  blocks: BlockStore;
  blobs: BlobRegistry;
  fileUrls: FileUrls;
  idempotency: Idempotency;
}

/**
 * The files of volumes, from outside of containers. Older clients, and newer ones with volumes of version 1, send whole
 * files through the calls of mounts and use the calls without a 2; all volumes serve both.
 */
export function volumeFileHandlers(options: VolumeFileHandlerOptions) {
  const { volumes, layers, blocks, blobs, fileUrls } = options;
  const edits = new VolumeEdits(options);

  const found = async (request: { volumeId: string; path: string; start: bigint; len: bigint }) => {
    const { volumeId, path } = request;
    volumes.requireAlive(volumeId);
    const { layerIds } = volumes.head(volumeId);
    const file = await resolvePath(volumes.stackPaths(volumeId), path);
    if (!file) throw pathNotFound(path);
    if (!file.stats.isFile()) throw notAFile(path);
    const { size } = file.stats;
    const range = rangeOf(path, Number(request.start), Number(request.len), size);
    const layerId = layerIds.find((each) => file.hostPath.startsWith(`${layers.path(each)}/`)) ?? "";
    return { hostPath: file.hostPath, layerId, size, range };
  };

  const list = async function* (request: {
    volumeId: string;
    path: string;
    recursive: boolean;
    maxEntries?: number | undefined;
  }) {
    volumes.requireAlive(request.volumeId);
    const stack = volumes.stackPaths(request.volumeId);
    let left = request.maxEntries ?? Number.POSITIVE_INFINITY;
    let entries: { path: string; type: WireType; mtime: bigint; size: bigint }[] = [];
    for await (const entry of listTree(stack, request.path, { recursive: request.recursive })) {
      if (left-- <= 0) break;
      const mtime = BigInt(Math.max(0, Math.floor(entry.mtimeMs / 1000)));
      entries.push({
        path: shownName(entry.path),
        type: wireTypes[entry.type],
        mtime,
        size: BigInt(entry.size),
      });
      if (entries.length < entriesPerMessage) continue;
      yield { entries };
      entries = [];
    }
    if (entries.length > 0) yield { entries };
  };

  return {
    volumeListFiles2(request) {
      return list(request);
    },

    volumeListFiles(request, context) {
      return list(context.clientVersion?.startsWith("0.62.") ? withoutGlob(request) : request);
    },

    async volumePutFiles2(request, context) {
      const { volumeId } = request;
      volumes.requireAlive(volumeId);
      const { files, missing } = await receivedBlocks(request, context.identity, { blocks, fileUrls });
      if (missing.length > 0) return { missingBlocks: missing };
      const overwrite = !request.disallowOverwriteExistingFiles;
      await edits.put({ context, method: "VolumePutFiles2", volumeId }, files, { overwrite });
      return { missingBlocks: [] };
    },

    async volumePutFiles(request, context) {
      const { volumeId } = request;
      volumes.requireAlive(volumeId);
      const files = await receivedWhole(request.files, blocks);
      const overwrite = !request.disallowOverwriteExistingFiles;
      await edits.put({ context, method: "VolumePutFiles", volumeId }, files, { overwrite });
      return {};
    },

    async volumeGetFile2(request, { identity }) {
      const { layerId, hostPath, size, range } = await found(request);
      return {
        getUrls: await fileUrls.get(identity, { layerId, hostPath }, range),
        size: BigInt(size),
        start: BigInt(range.start),
        len: BigInt(range.end - range.start),
      };
    },

    async volumeGetFile(request, { identity, takeRoom }) {
      const { layerId, hostPath, size, range } = await found(request);
      const isWhole = request.start === 0n && request.len === 0n;
      if (isWhole && size > inlineBytes) {
        const blobId = blobs.lend(
          fileUrls.whole(identity, { layerId, hostPath }, size),
          volumes.require(request.volumeId).scope,
        );
        return {
          dataOneof: { case: "dataBlobId" as const, value: blobId },
          size: BigInt(size),
          len: BigInt(size),
        };
      }
      const end = Math.min(range.end, range.start + inlineBytes);
      await takeRoom?.(end - range.start);
      const data = await read({ hostPath, path: request.path }, range.start, end);
      return {
        dataOneof: { case: "data" as const, value: data },
        size: BigInt(size),
        start: BigInt(range.start),
        len: BigInt(data.length),
      };
    },

    async volumeRemoveFile2(request, context) {
      const { volumeId, path, recursive } = request;
      await edits.remove({ context, method: "VolumeRemoveFile2", volumeId }, path, { recursive });
      return {};
    },

    async volumeRemoveFile(request, context) {
      const { volumeId, path, recursive } = request;
      await edits.remove({ context, method: "VolumeRemoveFile", volumeId }, path, { recursive });
      return {};
    },

    async volumeCopyFiles2(request, context) {
      const { volumeId, srcPaths: sources, dstPath: target, recursive } = request;
      const edit = { context, method: "VolumeCopyFiles2", volumeId };
      await edits.copy(edit, { sources, target }, { recursive });
      return {};
    },

    async volumeCopyFiles(request, context) {
      const { volumeId, srcPaths: sources, dstPath: target, recursive } = request;
      const edit = { context, method: "VolumeCopyFiles", volumeId };
      await edits.copy(edit, { sources, target }, { recursive });
      return {};
    },
  } satisfies ServiceHandlers<typeof ModalClient>;
}

const wireTypes: Record<FileType, WireType> = {
  file: WireType.FILE,
  directory: WireType.DIRECTORY,
  symlink: WireType.SYMLINK,
  fifo: WireType.FIFO,
  socket: WireType.SOCKET,
  device: WireType.UNSPECIFIED,
};

/** Clients of 0.62 say "all in it" by a path that ends with ** or *. */
function withoutGlob<R extends { path: string; recursive: boolean }>(request: R): R {
  const path = withoutEnding(request.path, "*");
  const stars = request.path.length - path.length;
  return stars === 0 ? request : { ...request, path, recursive: stars > 1 };
}

async function read(
  { hostPath, path }: { hostPath: string; path: string },
  start: number,
  end: number,
): Promise<Uint8Array> {
  await using file = await openStoredFile(hostPath);
  if (!file) throw notAFile(path);
  const data = new Uint8Array(end - start);
  let filled = 0;
  while (filled < data.length) {
    const { bytesRead } = await file.read(data, filled, data.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return data.subarray(0, filled);
}

function notAFile(path: string): AppError {
  return new AppError("PATH_IS_NOT_A_FILE", `${JSON.stringify(path)} is not a file.`, {
    status: "INVALID_ARGUMENT",
    remedy: "List it, and get the files in it.",
  });
}

function rangeOf(path: string, start: number, length: number, size: number): { start: number; end: number } {
  if (start <= size) return { start, end: length === 0 ? size : Math.min(start + length, size) };
  throw new AppError(
    "VOLUME_RANGE_INVALID",
    `${JSON.stringify(path)} has ${size} bytes; there is nothing from byte ${start} on.`,
    { status: "OUT_OF_RANGE", remedy: "Ask for a range within the file." },
  );
}
