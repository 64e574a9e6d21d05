import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { unlessAbsent } from "@dorian/operator/read-if-present";

/** Where every container has files of the platform, which are no part of an image. */
const platformPaths = ["pkg", "__modal"];

/** Where the app's own sources are mounted. */
const sources = "root";

/**
 * Removes from what a build function wrote the traces of how it was run: bytecode of the client and of the app's mounted
 * sources.
 */
export async function removeRuntimeTraces(upper: string): Promise<void> {
  for (const path of platformPaths) await rm(join(upper, path), { recursive: true, force: true });
  await removeForeignBytecode(join(upper, sources));
}

/** Bytecode whose sources are elsewhere; hidden directories are data. */
async function removeForeignBytecode(directory: string): Promise<void> {
  const entries = (await unlessAbsent(readdir(directory, { withFileTypes: true }))) ?? [];
  const hasSources = entries.some((entry) => entry.name.endsWith(".py"));
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    const path = join(directory, entry.name);
    if (entry.name !== "__pycache__") await removeForeignBytecode(path);
    else if (!hasSources) await rm(path, { recursive: true });
  }
}
