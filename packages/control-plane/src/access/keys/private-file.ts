import { randomBytes } from "node:crypto";
import { link, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { dirname, join } from "node:path";

/** Writes a file that only its owner may read: complete or not at all, also after a power cut. */
export async function writePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  await withTemporary(path, content, (temporary) => rename(temporary, path));
}

/** The file's content, made by `make` when there is none. Of two processes that create it, both get the first one's. */
export async function readOrCreatePrivateFile(path: string, make: () => Uint8Array): Promise<Uint8Array> {
  const found = await unlessAbsent(readFile(path));
  if (found) return found;
  await withTemporary(path, make(), async (temporary) => {
    try {
      await link(temporary, path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  });
  return await readFile(path);
}

const halfWritten = /\.[0-9a-f]{12}$/;

/** Removes copies of private files that a process was writing when it was killed. Only for whoever alone writes them. */
export async function removeHalfWritten(directory: string): Promise<void> {
  for (const name of (await unlessAbsent(readdir(directory))) ?? [])
    if (halfWritten.test(name)) await rm(join(directory, name), { force: true });
}

async function withTemporary(
  path: string,
  content: string | Uint8Array,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    {
      await using file = await open(temporary, "wx", 0o600);
      await file.writeFile(content);
      await file.sync();
    }
    await publish(temporary);
    await using directory = await open(dirname(path));
    await directory.sync();
  } finally {
    await rm(temporary, { force: true });
  }
}
