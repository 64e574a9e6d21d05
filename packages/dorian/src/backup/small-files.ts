import { unlessAbsent } from "@dorian/base/unless-absent";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { smallFiles, smallFolders } from "./backup-places.ts";

/** Paths of those that are there. */
export async function smallFilesOf(directory: string): Promise<string[]> {
  const found: string[] = [];
  for (const [folder, wanted] of [
    ["", smallFiles],
    ...smallFolders.map((each) => [each, undefined] as const),
  ] as const) {
    const names = (await unlessAbsent(readdir(join(directory, folder)))) ?? [];
    found.push(...names.filter((name) => wanted?.includes(name) ?? true).map((name) => join(folder, name)));
  }
  return found;
}

/** Copies a file with its permissions; its bytes are on disk when this returns. */
export async function copyDurably(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await copyFile(source, target);
  await using file = await open(target, "r+");
  await file.sync();
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}
