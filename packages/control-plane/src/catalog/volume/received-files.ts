import { AppError } from "@dorian/base/app-error";
import type { MountFile, VolumePutFiles2Request } from "@dorian/protocol/modal";
import type { Identity } from "@dorian/protocol/service";
import type { FileContent } from "@dorian/storage/file-content";
import type { BlockStore } from "@dorian/storage/block-store";
import type { FileUrls } from "./file-urls.ts";

/** Blocks that one answer can ask for, in some 16 MiB: enough for 512 GiB. The official clients ask no third time. */
const maxMissing = 65_536;

/** The files as blocks that are here, or which blocks have still to come: one entry for each distinct content. */
export async function receivedBlocks(
  request: VolumePutFiles2Request,
  caller: Identity,
  { blocks, fileUrls }: { blocks: BlockStore; fileUrls: FileUrls },
) {
  const present = new Map<string, boolean>();
  const missing: { fileIndex: bigint; blockIndex: bigint; putUrl: string }[] = [];
  const files: FileContent[] = [];
  for (const [fileIndex, file] of request.files.entries()) {
    const { path, mode } = file;
    const size = Number(file.size);
    const shas = file.blocks.map((block) => ({ sha: Buffer.from(block.contentsSha256).toString("hex") }));
    const large = shas.length > 1 ? blocks.large.nameOf({ size, mode, blocks: shas }) : undefined;
    const references = [];
    for (const [blockIndex, block] of file.blocks.entries()) {
      const sha = shas[blockIndex]?.sha ?? "";
      if (block.putResponse) fileUrls.checkReceipt(sha, block.putResponse);
      if (!present.has(sha)) {
        present.set(sha, await blocks.large.touch(sha));
        if (present.get(sha) === false) {
          const place = large === undefined ? undefined : { file: large, index: blockIndex };
          if (missing.length === maxMissing) throw tooManyMissing();
          missing.push({
            fileIndex: BigInt(fileIndex),
            blockIndex: BigInt(blockIndex),
            putUrl: fileUrls.put(caller, sha, place),
          });
        }
      }
      references.push({ sha, size: (await blocks.large.find(sha))?.size ?? 0 });
    }
    files.push({ path, size, mode, blocks: references });
  }
  return { files, missing };
}

/**
 * The files whose whole content was sent before.
 *
 * @throws AppError VOLUME_CONTENT_MISSING
 */
export async function receivedWhole(files: readonly MountFile[], blocks: BlockStore): Promise<FileContent[]> {
  const contents: FileContent[] = [];
  for (const { filename: path, sha256Hex: sha, mode } of files) {
    const size = (await blocks.touch(sha)) ? await blocks.sizeOf(sha) : undefined;
    if (size === undefined) {
      throw new AppError("VOLUME_CONTENT_MISSING", `The content of ${JSON.stringify(path)} was not sent.`, {
        remedy: "Send the file's content first, then put the file into the volume.",
      });
    }
    contents.push({ path, size, mode, blocks: [{ sha, size }] });
  }
  return contents;
}

function tooManyMissing(): AppError {
  return new AppError(
    "VOLUME_BLOCKS_TOO_MANY",
    `More than ${maxMissing} blocks of the files are not here yet.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Put fewer files, or smaller ones, at a time.",
    },
  );
}
