import { buffer } from "node:stream/consumers";
import { wheelFiles, type WheelFile } from "@dorian/python/wheel-files";
import type { BlockStore } from "@dorian/storage/block-store";
import { concurrently } from "@dorian/base/concurrently";
import type { MountFile } from "./mount-files.ts";

const concurrency = 16;
const inMemoryBytes = 8 * 1024 * 1024;

/** Stores a wheel's files, at the places that `placeOf` gives them; those without one are left out. */
export async function storeWheel(
  path: string,
  blocks: BlockStore,
  placeOf: (path: string) => string | undefined,
): Promise<MountFile[]> {
  const stored: MountFile[] = [];
  const store = async ({ file, content }: { file: WheelFile; content: Buffer | undefined }) => {
    const place = placeOf(file.path);
    if (place === undefined) return;
    const { sha } = await blocks.put(content ?? (await file.open()));
    stored.push({ path: place, sha256: sha, mode: file.mode });
  };
  const wanted = async function* () {
    for await (const file of wheelFiles(path)) {
      if (placeOf(file.path) === undefined) continue;
      if (file.size <= inMemoryBytes) yield { file, content: await buffer(await file.open()) };
      else await store({ file, content: undefined });
    }
  };
  await concurrently(wanted(), { limit: concurrency }, store);
  return stored;
}
