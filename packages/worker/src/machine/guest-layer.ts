import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { inContainer } from "../task/container-environment.ts";

/**
 * The directory that is laid over the root file systems of TypeScript functions to bring the guest into them. One per content, so that running
 * containers keep the guest they started with.
 */
export async function prepareGuestLayer(dataDirectory: string, bundlePath: string): Promise<string> {
  const digest = createHash("sha256")
    .update(await readFile(bundlePath))
    .digest("hex")
    .slice(0, 16);
  const directory = join(dataDirectory, "guest", digest);
  try {
    await stat(directory);
    return directory;
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  const draft = `${directory}.${process.pid}`;
  await mkdir(dirname(join(draft, inContainer.guest)), { recursive: true });
  await copyFile(bundlePath, join(draft, inContainer.guest));
  try {
    await rename(draft, directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    await removeTree(draft);
  }
  return directory;
}
