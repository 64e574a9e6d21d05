import { unlessAbsent } from "@dorian/base/unless-absent";
import { createHash } from "node:crypto";
import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { inContainer } from "../task/platform-environment.ts";
import { pythonStart } from "../task/python-start.ts";

/**
 * The directory that is laid over the root file systems of functions to bring what they begin with into them. One per
 * content, so that running containers keep what they started with.
 */
export async function prepareGuestLayer(dataDirectory: string, bundlePath: string): Promise<string> {
  const guest = await readFile(bundlePath);
  const digest = createHash("sha256").update(guest).update(pythonStart).digest("hex").slice(0, 16);
  const directory = join(dataDirectory, "guest", digest);
  if (await unlessAbsent(stat(directory))) return directory;
  const draft = `${directory}.${process.pid}`;
  await mkdir(dirname(join(draft, inContainer.guest)), { recursive: true });
  await writeFile(join(draft, inContainer.guest), guest);
  await writeFile(join(draft, inContainer.pythonStart), pythonStart);
  try {
    await rename(draft, directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    await removeTree(draft);
  }
  return directory;
}
