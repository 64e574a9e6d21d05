import { chmod } from "node:fs/promises";
import { assembleFile } from "./assemble-file.ts";
import type { BlockStore } from "./block-store.ts";
import type { LayerDraft } from "./layer-store.ts";
import { parseFilePath } from "./layer-path.ts";
import { isADirectory, LayerWriter } from "./layer-writer.ts";
import { storing } from "./storage-error.ts";

export interface LayerFile {
  /** From the root; a slash in front makes no difference. With one at its end: an empty directory. */
  path: string;
  /** Digest of the whole content; none of a directory's. */
  sha256: string;
  /** Permission bits. */
  mode: number;
}

/**
 * Fills a draft with files whose content is in the block store. Those with mode 0644 become hard links and take no
 * space.
 *
 * @throws AppError BLOCK_NOT_FOUND, PATH_INVALID, PATH_NOT_A_DIRECTORY, PATH_IS_A_DIRECTORY, STORAGE_FULL
 */
export async function writeFileLayer(
  draft: Pick<LayerDraft, "path">,
  files: readonly LayerFile[],
  blocks: BlockStore,
): Promise<void> {
  const writer = new LayerWriter(draft.path, []);
  await storing(draft.path, async () => {
    await writer.directory("");
    for (const file of files) {
      const path = parseFilePath(file.path);
      if (file.path.endsWith("/")) {
        await writer.directory(path);
        await chmod(writer.hostPath(path), file.mode);
        continue;
      }
      await writer.directory(path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
      if ((await writer.kindOf(path)) === "directory") throw isADirectory(path);
      const size = (await blocks.sizeOf(file.sha256)) ?? 0;
      const content = { path, size, mode: file.mode, blocks: [{ sha: file.sha256, size }] };
      await assembleFile(await writer.place(path), content, blocks);
    }
  });
}
