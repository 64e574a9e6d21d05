import { utimes } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";
import type { BlockStore } from "@dorian/storage/block-store";

/** Whether the content is here; if so, it is kept for a day at least, since the asker now counts on it. */
export async function touchBlock(blocks: BlockStore, sha256: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(blocks.path(sha256), now, now);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
