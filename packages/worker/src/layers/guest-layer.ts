import { unlessAbsent } from "@dorian/base/unless-absent";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { koffiFile } from "@dorian/linux/koffi-file";
import { removeTree } from "@dorian/linux/remove-tree";
import { inContainer } from "../task/platform-environment.ts";
import { pythonStart } from "../task/python-start.ts";

/**
 * The directory that is laid over the root file systems of functions to bring what they begin with into them. One per
 * content, so that running containers keep what they started with.
 */
export async function prepareGuestLayer(dataDirectory: string, guestDirectory: string): Promise<string> {
  const files: [name: string, content: string | Buffer][] = [
    [basename(inContainer.pythonStart), pythonStart],
  ];
  // Through it OpenSSL is reached by a guest that was brought back from a snapshot.
  files.push(["koffi.node", await readFile(koffiFile())]);
  for (const name of (await readdir(guestDirectory)).toSorted())
    files.push([name, await readFile(join(guestDirectory, name))]);
  const hash = createHash("sha256");
  for (const [name, content] of files) hash.update(`${name}:${content.length}:`).update(content);
  const digest = hash.digest("hex").slice(0, 16);
  const directory = join(dataDirectory, "guest", digest);
  if (await unlessAbsent(stat(directory))) return directory;
  const draft = `${directory}.${process.pid}`;
  const place = join(draft, dirname(inContainer.guest));
  await mkdir(place, { recursive: true });
  for (const [name, content] of files) await writeFile(join(place, name), content);
  try {
    await rename(draft, directory);
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    await removeTree(draft);
  }
  return directory;
}
