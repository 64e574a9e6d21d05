import { constants } from "node:fs";
import { AppError } from "@dorian/base/app-error";
import { copyRange } from "@dorian/linux/file-ranges";
import { chmod, open } from "@dorian/linux/tree-calls";
import type { Located } from "./block-places.ts";
import type { BlockStore } from "./block-store.ts";
import { blockMissing, type FileContent, permissionsOf, sharedMode } from "./file-content.ts";
import { linkFile } from "./link-file.ts";

/**
 * Makes the file `target` from blocks. A file of several blocks, or of one whole block with the usual permissions, becomes
 * a hard link to what the store has and takes no space (and has its modification time); others are copies.
 */
export async function assembleFile(target: string, file: FileContent, blocks: BlockStore): Promise<void> {
  const located = await locateBlocks(file, blocks);
  const [first] = located;
  if (located.length > 1) return await linkFile(await blocks.large.complete(file), target);
  const mode = permissionsOf(file);
  const isWhole = first?.size === file.size && first.path === blocks.path(file.blocks[0]?.sha ?? "");
  if (isWhole && mode === sharedMode) return await linkFile(first.path, target);
  {
    await using output = await open(target, "wx");
    await using input = first && (await open(first.path, constants.O_RDONLY));
    if (input) await copyRange(input, output, { from: first.offset, to: 0, length: first.size });
    await output.truncate(file.size);
  }
  await chmod(target, mode);
}

/** Finds where each block is, checked to make the file. */
async function locateBlocks(file: FileContent, blocks: BlockStore): Promise<Located[]> {
  const { blockBytes } = blocks.large;
  const whole = file.blocks.length === 1 && file.blocks[0]?.size === file.size;
  if (!whole && file.blocks.length !== Math.ceil(file.size / blockBytes)) {
    throw mismatch(file, `${file.blocks.length} blocks cannot hold its ${file.size} bytes`);
  }
  const places: Located[] = [];
  for (const [index, { sha, size }] of file.blocks.entries()) {
    const place = await blocks.large.find(sha);
    if (place === undefined) throw blockMissing(file, sha);
    if (place.size !== size) throw mismatch(file, `block ${sha} has ${place.size} bytes, not ${size}`);
    const room = whole ? file.size : Math.min(blockBytes, file.size - index * blockBytes);
    if (size > room) throw mismatch(file, `block ${index} has ${size} bytes where ${room} fit`);
    places.push(place);
  }
  return places;
}

function mismatch(file: FileContent, problem: string): AppError {
  return new AppError(
    "FILE_BLOCKS_MISMATCH",
    `The file ${JSON.stringify(file.path)} does not add up: ${problem}.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "The file probably changed while it was uploaded. Upload it again.",
    },
  );
}
