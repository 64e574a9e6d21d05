import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { inContainer } from "../task/container-environment.ts";

/** Changes with what else the layer holds. */
const layout = "readable /root";

/**
 * The directory that is laid over every root file system to bring the guest into it. One per content, so that running
 * containers keep the guest they started with.
 */
export async function prepareGuestLayer(dataDirectory: string, bundlePath: string): Promise<string> {
  const digest = createHash("sha256")
    .update(layout)
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
  // User code and packages lie there, and an image may say that another user than root runs them.
  await mkdir(join(draft, "root"), { mode: 0o755 });
  try {
    await rename(draft, directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    await rm(draft, { recursive: true });
  }
  return directory;
}
