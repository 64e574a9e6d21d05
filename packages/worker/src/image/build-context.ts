import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, posix } from "node:path";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { makeDirectoryBelow } from "@dorian/linux/place-below";
import type { StartBuild } from "@dorian/protocol/worker";
import type { LayerStore } from "@dorian/storage/layer-store";

/** What a client sent along to copy from: files, and a mount. */
export type BuildContext = Pick<StartBuild, "contextFiles" | "contextLayerId">;

/** What the context holds: equal files of a mount have one layer. */
export function contextKey({ contextFiles, contextLayerId }: BuildContext): unknown {
  const files = contextFiles.map(({ filename, data }) => [
    filename,
    createHash("sha256").update(data).digest("hex"),
  ]);
  return { contextLayerId, files };
}

/** Directories that show it together, with the files written to `directory`: they come before those of the mount. */
export async function contextRoots(
  { contextFiles, contextLayerId }: BuildContext,
  { directory, layers }: { directory: string; layers: LayerStore },
): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  using root = OpenDirectory.open(directory);
  for (const { filename, data } of contextFiles) {
    const path = posix.join("/", filename);
    using parent = makeDirectoryBelow(root, dirname(path));
    await writeFile(parent.at(basename(path)), data, { mode: 0o644 });
  }
  return [...(contextLayerId === "" ? [] : [layers.path(contextLayerId)]), directory];
}
