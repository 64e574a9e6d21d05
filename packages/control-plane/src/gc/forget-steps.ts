import { readdir, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isAbsence, unlessAbsent } from "@dorian/base/unless-absent";
import { layersNamedIn } from "./kept-content.ts";

/**
 * Forgets the finished steps of builds that were made before a time; returns the layers of the others. Workers keep a file
 * for each step in the data directory that they share.
 */
export async function forgetSteps(dataDirectory: string, before: number): Promise<string[]> {
  const directory = join(dataDirectory, "steps");
  const kept: string[] = [];
  for (const name of (await unlessAbsent(readdir(directory))) ?? []) {
    const path = join(directory, name);
    try {
      const { mtimeMs } = await stat(path);
      if (mtimeMs < before) await unlink(path);
      else kept.push(...layersNamedIn(await readFile(path, "utf8")));
    } catch (error) {
      // A worker has put it under its name meanwhile.
      if (!isAbsence(error)) throw error;
    }
  }
  return kept;
}
