import { randomBytes } from "node:crypto";
import { type BigIntStats, createReadStream } from "node:fs";
import { link, lstat, readdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { hasAttributes } from "@dorian/linux/extended-attributes";
import { setFileTimes } from "@dorian/linux/file-times";
import { maxPathBytes } from "./layer-path.ts";
import { walkTree } from "@dorian/linux/walk-tree";

/** Smaller files are not worth an entry. */
const leastBytes = 1024 * 1024;
const concurrency = 16;
/** The unit of a file's `blocks`, whatever the file system's own is. */
const statBlockBytes = 512n;
/** Beginning of names that last for as long as a comparison. */
const draftPrefix = "new-";

/**
 * Makes each large file in `directory` a hard link to its twin in the directory `index`, or enters it there. Twins are
 * equal in everything that can be seen: content, owner, permissions and modification time to the nanosecond. So
 * nothing shows in a container, and only files that agree in all else are ever read and compared.
 */
export async function shareLargeFiles(directory: string, index: string): Promise<void> {
  const twins: { path: string; twin: string }[] = [];
  await walkTree(directory, { concurrency }, async (entry) => {
    if (entry.kind !== "file") return;
    const stats = await lstat(entry.at, { bigint: true });
    // A file with several names would lose what they have in common, and one of holes takes no place.
    if (!stats.isFile() || stats.size < leastBytes || stats.nlink > 1n || isSparse(stats)) return;
    const bytes = entry.path();
    const path = join(directory, bytes.toString());
    if (entry.pathBytes > maxPathBytes || !Buffer.from(bytes.toString()).equals(bytes) || hasAttributes(path))
      return;
    const twin = join(index, nameOf(stats));
    if (!(await linked(entry.at, twin))) twins.push({ path, twin });
  });
  // One after the other: files of one directory would get into each other's way with its times.
  for (const { path, twin } of twins) await replaceByTwin(path, twin, index);
}

/** Removes the entries of files that are in no layer any more. */
export async function forgetUnshared(index: string): Promise<void> {
  for (const name of await readdir(index)) {
    const path = join(index, name);
    if (name.startsWith(draftPrefix)) await removeTree(path);
    else if ((await lstat(path)).nlink === 1) await removeTree(path);
  }
}

function isSparse({ size, blocks }: BigIntStats): boolean {
  return blocks * statBlockBytes < size / 2n;
}

function nameOf({ size, mtimeNs, mode, uid, gid }: BigIntStats): string {
  return [size, mtimeNs, mode.toString(8), uid, gid].join("-");
}

/** False when there is an entry already, or the file has as many names as it can have. */
async function linked(path: Buffer, entry: string): Promise<boolean> {
  try {
    await link(path, entry);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

async function replaceByTwin(path: string, twin: string, index: string): Promise<void> {
  const draft = join(index, `${draftPrefix}${randomBytes(8).toString("hex")}`);
  try {
    await link(twin, draft);
  } catch (error) {
    // It has as many names as a file can have, or the last layer that held it has just gone.
    if (errnoOf(error) === "EMLINK" || errnoOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    if (!(await haveSameContent(path, draft))) return;
    const parent = dirname(path);
    const times = await lstat(parent, { bigint: true });
    await rename(draft, path);
    setFileTimes(parent, times);
  } finally {
    await removeTree(draft);
  }
}

async function haveSameContent(path: string, other: string): Promise<boolean> {
  const chunks = createReadStream(other, { highWaterMark: leastBytes })[Symbol.asyncIterator]();
  for await (const chunk of createReadStream(path, { highWaterMark: leastBytes })) {
    const next = await chunks.next();
    if (next.done !== true && (chunk as Buffer).equals(next.value as Buffer)) continue;
    await chunks.return?.();
    return false;
  }
  return (await chunks.next()).done === true;
}
