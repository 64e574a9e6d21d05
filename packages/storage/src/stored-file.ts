import type { FileHandle } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { openIfRegular, readAtMost } from "@dorian/linux/open-below";
import { OpenDirectory } from "@dorian/linux/open-directory";

/**
 * Opens a regular file of a layer, or a block, by its path on this machine, as views and stores give it. Undefined when
 * it is not there, is something else, or is reached through a link by now: what containers wrote is never waited for,
 * and leads nowhere else.
 */
export async function openStoredFile(hostPath: string): Promise<FileHandle | undefined> {
  try {
    using directory = OpenDirectory.openPlain(dirname(hostPath));
    return await openIfRegular(directory, basename(hostPath));
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

/** The text of a small file, or undefined when there is no such file, or it is larger than `maxBytes`. */
export async function readStoredText(
  hostPath: string,
  options: { maxBytes: number },
): Promise<string | undefined> {
  await using file = await openStoredFile(hostPath);
  if (!file || (await file.stat()).size > options.maxBytes) return undefined;
  return (await readAtMost(file, hostPath, options.maxBytes)).toString();
}
