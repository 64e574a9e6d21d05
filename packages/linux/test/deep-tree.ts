import { mkdirSync } from "node:fs";
import { mkdtemp, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { OpenDirectory } from "../src/open-directory.ts";
import { removeTree } from "../src/remove-tree.ts";

/** A directory that is removed when the test is over. */
export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "linux-"));
  onTestFinished(() => removeTree(path));
  return path;
}

/** Makes directories in each other below `root`, with a file at the bottom, however long the path becomes. */
export async function makeDeep(root: string, levels: number, name: string): Promise<void> {
  let directory = OpenDirectory.open(root);
  for (let level = 0; level < levels; level++) {
    mkdirSync(directory.at(name));
    const next = directory.directory(name);
    directory[Symbol.dispose]();
    directory = next;
  }
  await using _leaf = await open(directory.at("leaf"), "w");
  directory[Symbol.dispose]();
}
