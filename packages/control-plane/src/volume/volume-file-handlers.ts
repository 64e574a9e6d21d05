import { EmptySchema } from "@bufbuild/protobuf/wkt";
import { AppError } from "@dorian/base/app-error";
import {
  FileEntry_FileType as WireType,
  type ModalClient,
  type VolumePutFiles2Request,
} from "@dorian/protocol/modal";
import type { CallContext, ServiceHandlers } from "@dorian/protocol/service";
import type { FileContent } from "@dorian/storage/assemble-file";
import type { BlockStore } from "@dorian/storage/block-store";
import type { LayerStore } from "@dorian/storage/layer-store";
import { listTree, pathNotFound, resolvePath, type FileType } from "@dorian/storage/stack-view";
import { copyPaths, putFiles, removePath } from "@dorian/storage/volume-edit";
import type { Idempotency } from "../database/idempotency.ts";
import type { FileUrls } from "./file-urls.ts";
import { authorOf } from "./volume-handlers.ts";
import type { VolumeRegistry } from "./volume-registry.ts";

const entriesPerMessage = 1000;

export interface VolumeFileHandlerOptions {
  volumes: VolumeRegistry;
  layers: LayerStore;
  blocks: BlockStore;
  fileUrls: FileUrls;
  idempotency: Idempotency;
}

/** The files of volumes, from outside of containers. Every change is a version of its own, or nothing. */
export function createVolumeFileHandlers(options: VolumeFileHandlerOptions) {
  const { volumes, layers, blocks, fileUrls, idempotency } = options;

  /** Appends the layer that `make` writes on top of the newest version; undefined: nothing to do. */
  const edit = async (
    context: CallContext,
    method: string,
    volumeId: string,
    make: (stackPaths: string[]) => Promise<string | undefined>,
    editOptions: { exclusive: boolean } = { exclusive: false },
  ) => {
    let made: string | undefined;
    try {
      await idempotency.onceAfter(context, { method, schema: EmptySchema }, async () => {
        const base = volumes.head(volumeId);
        const layerId = await make(volumes.stackPaths(volumeId));
        if (layerId === undefined) return async () => ({ response: {} });
        made = layerId;
        const bytes = await layers.sizeOf(layerId);
        return async (trx) => {
          volumes.requireNamed(volumeId);
          const change = { layerId, author: authorOf(context), bytes };
          const { head, committed } = await volumes.appendIn(trx, volumeId, change);
          if (editOptions.exclusive && head.version !== base.version + 1) throw changedMeanwhile();
          return { response: {}, committed };
        };
      });
    } catch (error) {
      if (made !== undefined) await layers.remove(made);
      throw error;
    }
  };

  return {
    async *volumeListFiles2(request) {
      volumes.requireNamed(request.volumeId);
      const stack = volumes.stackPaths(request.volumeId);
      let left = request.maxEntries ?? Number.POSITIVE_INFINITY;
      let entries: { path: string; type: WireType; mtime: bigint; size: bigint }[] = [];
      for await (const entry of listTree(stack, request.path, { recursive: request.recursive })) {
        if (left-- <= 0) break;
        const mtime = BigInt(Math.max(0, Math.floor(entry.mtimeMs / 1000)));
        entries.push({ path: entry.path, type: wireTypes[entry.type], mtime, size: BigInt(entry.size) });
        if (entries.length < entriesPerMessage) continue;
        yield { entries };
        entries = [];
      }
      if (entries.length > 0) yield { entries };
    },

    async volumePutFiles2(request, context) {
      volumes.requireNamed(request.volumeId);
      const { files, missing } = await receivedFiles(request, blocks, fileUrls);
      if (missing.length > 0) return { missingBlocks: missing };
      const overwrite = !request.disallowOverwriteExistingFiles;
      const put = (stack: string[]) => putFiles(layers, stack, files, blocks, { overwrite });
      await retryWhenChanged(() =>
        edit(context, "VolumePutFiles2", request.volumeId, put, { exclusive: !overwrite }),
      );
      return { missingBlocks: [] };
    },

    async volumeGetFile2(request) {
      volumes.requireNamed(request.volumeId);
      const { layerIds } = volumes.head(request.volumeId);
      const found = await resolvePath(volumes.stackPaths(request.volumeId), request.path);
      if (!found) throw pathNotFound(request.path);
      if (!found.stats.isFile()) {
        throw new AppError("PATH_IS_NOT_A_FILE", `${JSON.stringify(request.path)} is not a file.`, {
          status: "INVALID_ARGUMENT",
          remedy: "List it with `dorian volume ls`, and get the files in it.",
        });
      }
      const { start, end } = rangeOf(
        request.path,
        Number(request.start),
        Number(request.len),
        found.stats.size,
      );
      const layerId = layerIds.find((each) => found.hostPath.startsWith(`${layers.path(each)}/`));
      return {
        getUrls: layerId === undefined ? [] : fileUrls.get(layerId, found.hostPath, { start, end }),
        size: BigInt(found.stats.size),
        start: BigInt(start),
        len: BigInt(end - start),
      };
    },

    async volumeRemoveFile2(request, context) {
      const { volumeId, path, recursive } = request;
      volumes.requireNamed(volumeId);
      await edit(context, "VolumeRemoveFile2", volumeId, (stack) =>
        removePath(layers, stack, path, { recursive }),
      );
      return {};
    },

    async volumeCopyFiles2(request, context) {
      const { volumeId, srcPaths, dstPath, recursive } = request;
      volumes.requireNamed(volumeId);
      await edit(context, "VolumeCopyFiles2", volumeId, (stack) =>
        copyPaths(layers, stack, srcPaths, dstPath, { recursive }),
      );
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

/** The files as blocks that are here, or which blocks have still to come: one entry for each distinct content. */
async function receivedFiles(request: VolumePutFiles2Request, blocks: BlockStore, fileUrls: FileUrls) {
  const present = new Map<string, boolean>();
  const missing: { fileIndex: bigint; blockIndex: bigint; putUrl: string }[] = [];
  const files: FileContent[] = [];
  for (const [fileIndex, file] of request.files.entries()) {
    const references = [];
    for (const [blockIndex, block] of file.blocks.entries()) {
      const sha = Buffer.from(block.contentsSha256).toString("hex");
      if (block.putResponse) fileUrls.checkReceipt(sha, block.putResponse);
      if (!present.has(sha)) {
        present.set(sha, await blocks.touch(sha));
        if (present.get(sha) === false) {
          missing.push({
            fileIndex: BigInt(fileIndex),
            blockIndex: BigInt(blockIndex),
            putUrl: fileUrls.put(sha),
          });
        }
      }
      references.push({ sha, size: (await blocks.sizeOf(sha)) ?? 0 });
    }
    files.push({ path: file.path, size: Number(file.size), mode: file.mode, blocks: references });
  }
  return { files, missing };
}

function rangeOf(path: string, start: number, length: number, size: number): { start: number; end: number } {
  if (start <= size) return { start, end: length === 0 ? size : Math.min(start + length, size) };
  throw new AppError(
    "VOLUME_RANGE_INVALID",
    `${JSON.stringify(path)} has ${size} bytes; there is nothing from byte ${start} on.`,
    { status: "OUT_OF_RANGE", remedy: "Ask for a range within the file." },
  );
}

const changedCode = "VOLUME_CHANGED";

function changedMeanwhile(): AppError {
  return new AppError(changedCode, "The volume was changed by others while files were put into it.", {
    status: "ABORTED",
    remedy: "Try again, or allow that files are overwritten.",
  });
}

// Whether a file exists is decided on the version that the new one follows.
async function retryWhenChanged(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!AppError.is(error) || error.code !== changedCode || attempt === 10) throw error;
    }
  }
}
