import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { chmod, copyFile, open, truncate } from "@dorian/linux/tree-calls";
import { AppError } from "@dorian/base/app-error";
import type { BlockStore } from "./block-store.ts";
import { linkFile } from "./link-file.ts";

/** Block i of a file holds its bytes from i times this on. */
export const blockBytes = 8 * 1024 * 1024;

const sharedMode = 0o644;
/** What a client may choose: not that a file gives rights to whoever runs it. */
const permissionBits = 0o777;
const copyBytes = 1024 * 1024;

export interface BlockReference {
  /** SHA-256 of the content, 64 hexadecimal digits. */
  sha: string;
  /** Bytes that are stored; zeros at the end of a block may be left out. */
  size: number;
}

export interface FileContent {
  /** For messages. */
  path: string;
  /** True size in bytes: what the blocks lack is zeros. */
  size: number;
  /** Permission bits; 0644 if absent. */
  mode?: number | undefined;
  /** One block for the whole file, or one per 8 MiB. */
  blocks: readonly BlockReference[];
}

/**
 * Makes the file `target` from blocks. A file that is one whole block, with the usual permissions, becomes a hard link
 * to it and takes no space (and has the block's modification time); others are copies.
 */
export async function assembleFile(target: string, file: FileContent, blocks: BlockStore): Promise<void> {
  await checkBlocks(file, blocks);
  const mode = (file.mode ?? sharedMode) & permissionBits;
  const [first] = file.blocks;
  if (first && file.blocks.length === 1) {
    if (first.size === file.size && mode === sharedMode)
      return await linkFile(blocks.path(first.sha), target);
    await copyFile(blocks.path(first.sha), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await truncate(target, file.size);
  } else {
    await using output = await open(target, "wx");
    for (const [index, block] of file.blocks.entries()) {
      await copyInto(output, index * blockBytes, blocks.path(block.sha));
    }
    await output.truncate(file.size);
  }
  await chmod(target, mode);
}

async function checkBlocks(file: FileContent, blocks: BlockStore): Promise<void> {
  const whole = file.blocks.length === 1 && file.blocks[0]?.size === file.size;
  if (!whole && file.blocks.length !== Math.ceil(file.size / blockBytes)) {
    throw mismatch(file, `${file.blocks.length} blocks cannot hold its ${file.size} bytes`);
  }
  for (const [index, { sha, size }] of file.blocks.entries()) {
    const stored = await blocks.sizeOf(sha);
    if (stored === undefined) throw missing(file, sha);
    if (stored !== size) throw mismatch(file, `block ${sha} has ${stored} bytes, not ${size}`);
    const room = whole ? file.size : Math.min(blockBytes, file.size - index * blockBytes);
    if (size > room) throw mismatch(file, `block ${index} has ${size} bytes where ${room} fit`);
  }
}

async function copyInto(output: FileHandle, offset: number, source: string): Promise<void> {
  await using input = await open(source);
  const buffer = Buffer.allocUnsafe(copyBytes);
  let position = offset;
  for (;;) {
    const { bytesRead } = await input.read(buffer, 0, buffer.length, position - offset);
    if (bytesRead === 0) return;
    for (let written = 0; written < bytesRead;) {
      const step = await output.write(buffer, written, bytesRead - written, position + written);
      written += step.bytesWritten;
    }
    position += bytesRead;
  }
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

function missing(file: FileContent, sha: string): AppError {
  return new AppError("BLOCK_NOT_FOUND", `Content ${sha} of ${JSON.stringify(file.path)} was not uploaded.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Upload the file's content first, then name it in the volume.",
  });
}
