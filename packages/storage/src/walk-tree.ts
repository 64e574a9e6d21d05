import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";

const slash = Buffer.from("/");

/**
 * Every entry below `root`, a directory before what it holds. Paths are bytes, because a container may use names that
 * are not UTF-8.
 */
export async function* walkTree(root: string): AsyncGenerator<{ path: Buffer; entry: Dirent<Buffer> }> {
  const pending = [Buffer.from(root)];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of await readdir(directory, { withFileTypes: true, encoding: "buffer" })) {
      const path = Buffer.concat([directory, slash, entry.name]);
      if (entry.isDirectory()) pending.push(path);
      yield { path, entry };
    }
  }
}
