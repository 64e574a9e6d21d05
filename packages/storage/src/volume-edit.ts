import { AppError } from "@dorian/base/app-error";
import { assembleFile } from "./assemble-file.ts";
import type { BlockStore } from "./block-store.ts";
import type { FileContent } from "./file-content.ts";
import { childPath, parseFilePath, splitPath } from "./layer-path.ts";
import type { LayerStore } from "./layer-store.ts";
import { isADirectory, LayerWriter, notADirectory } from "./layer-writer.ts";
import { linkFile } from "./link-file.ts";
import { linkTree } from "./link-tree.ts";
import { readMerged, type StackEntry } from "./merged-directory.ts";
import { locate, pathNotFound } from "./stack-view.ts";
import { storing } from "./storage-error.ts";

/**
 * Makes the layer that puts files, all of them or none, onto a stack (lowest first). Symbolic links in their
 * directories are followed; one by a file's own name is replaced.
 *
 * @returns the durable layer to append, or undefined when `files` is empty
 * @throws AppError VOLUME_FILE_EXISTS unless `overwrite`; PATH_INVALID, PATH_NOT_A_DIRECTORY, PATH_IS_A_DIRECTORY,
 * FILE_BLOCKS_MISMATCH, BLOCK_NOT_FOUND, STORAGE_FULL
 */
export async function putFiles(
  store: LayerStore,
  stackPaths: readonly string[],
  files: readonly FileContent[],
  blocks: BlockStore,
  options: { overwrite: boolean },
): Promise<string | undefined> {
  if (files.length === 0) return undefined;
  return await writeLayer(store, stackPaths, async (writer) => {
    for (const file of files) {
      const path = await placeOf(stackPaths, parseFilePath(file.path));
      await writer.directory(splitPath(path).parent);
      const kind = await writer.kindOf(path);
      if (kind === "directory") throw isADirectory(path);
      if (kind !== undefined && !options.overwrite) throw fileExists(path);
      await assembleFile(await writer.place(path), file, blocks);
    }
  });
}

/**
 * Makes the layer that removes a path from a stack (lowest first). The root with `recursive` means all that is in it.
 *
 * @returns the durable layer to append, or undefined when there is nothing to remove
 * @throws AppError VOLUME_PATH_NOT_FOUND; PATH_IS_A_DIRECTORY for a directory unless `recursive`; STORAGE_FULL
 */
export async function removePath(
  store: LayerStore,
  stackPaths: readonly string[],
  path: string,
  options: { recursive: boolean },
): Promise<string | undefined> {
  const located = await locate(stackPaths, path, { followLast: false });
  if (located.kind === "missing" || located.kind === "blocked") throw pathNotFound(path);
  const isDirectory = located.kind === "root" || located.entry.kind === "directory";
  if (isDirectory && !options.recursive) throw needsRecursive(path, "removed");
  const doomed = located.kind === "root" ? await namesIn(located.hostPaths) : [located.path];
  if (doomed.length === 0) return undefined;
  return await writeLayer(store, stackPaths, async (writer) => {
    for (const name of doomed) await writer.whiteout(name);
  });
}

/**
 * Makes the layer that copies paths within a stack (lowest first), by hard links: no byte is copied. As `cp` does it: a
 * destination that is a directory means "into it", and several sources need one. Directories are merged; what is above a
 * destination is made.
 *
 * @returns the durable layer to append, or undefined when `sources` is empty
 * @throws AppError VOLUME_PATH_NOT_FOUND; PATH_IS_A_DIRECTORY for a directory unless `recursive`, or where a directory
 * is in a file's way; PATH_NOT_A_DIRECTORY; COPY_INTO_ITSELF; STORAGE_FULL
 */
export async function copyPaths(
  store: LayerStore,
  stackPaths: readonly string[],
  sources: readonly string[],
  destination: string,
  options: { recursive: boolean },
): Promise<string | undefined> {
  if (sources.length === 0) return undefined;
  const target = await locate(stackPaths, destination, { followLast: true });
  if (target.kind === "blocked") throw notADirectory(target.path);
  const into = target.kind === "root" || (target.kind === "found" && target.entry.kind === "directory");
  if (!into && sources.length > 1) throw needsDirectory(destination, "several paths");
  const made = new Set<string>();
  return await writeLayer(store, stackPaths, async (writer) => {
    if (into) await writer.directory(target.path);
    for (const source of sources) {
      const { path, entry } = await found(stackPaths, source);
      if (entry.kind === "directory" && !options.recursive) throw needsRecursive(source, "copied");
      if (!into && entry.kind === "leaf" && destination.endsWith("/"))
        throw needsDirectory(destination, "a file");
      const to = into ? childPath(target.path, splitPath(path).name) : target.path;
      if (to === path || (entry.kind === "directory" && to.startsWith(`${path}/`)))
        throw intoItself(source, to);
      if (made.has(to)) throw copiedTwice(source, to);
      made.add(to);
      await copyEntry(writer, entry, to);
    }
  });
}

async function copyEntry(writer: LayerWriter, entry: StackEntry, path: string): Promise<void> {
  await writer.directory(splitPath(path).parent);
  const kind = await writer.kindOf(path);
  if (entry.kind === "leaf") {
    if (kind === "directory") throw isADirectory(path);
    await linkFile(entry.hostPath, await writer.place(path));
    return;
  }
  if (kind === "leaf") throw notADirectory(path);
  if (kind === undefined) return await linkTree(entry, writer.hostPath(path));
  await writer.directory(path);
  for await (const { name, entry: child } of readMerged(entry.hostPaths)) {
    await copyEntry(writer, child, childPath(path, name));
  }
}

async function writeLayer(
  store: LayerStore,
  stackPaths: readonly string[],
  write: (writer: LayerWriter) => Promise<void>,
): Promise<string> {
  await using draft = await store.draft();
  return await storing(draft.path, async () => {
    const writer = new LayerWriter(draft.path, stackPaths);
    await writer.directory("");
    await write(writer);
    return await draft.seal({ durable: true });
  });
}

/** The path that a file gets: its directory without symbolic links, and its own name whatever is there. */
async function placeOf(stackPaths: readonly string[], path: string): Promise<string> {
  const { parent, name } = splitPath(path);
  const located = await locate(stackPaths, parent, { followLast: true });
  if (located.kind === "blocked") throw notADirectory(located.path);
  if (located.kind === "found" && located.entry.kind === "leaf") throw notADirectory(located.path);
  return childPath(located.path, name);
}

async function found(
  stackPaths: readonly string[],
  path: string,
): Promise<{ path: string; entry: StackEntry }> {
  const located = await locate(stackPaths, parseFilePath(path), { followLast: false });
  if (located.kind !== "found") throw pathNotFound(path);
  return located;
}

async function namesIn(hostPaths: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of readMerged(hostPaths)) names.push(name);
  return names;
}

function fileExists(path: string): AppError {
  return new AppError("VOLUME_FILE_EXISTS", `There is a ${JSON.stringify(path)} in the volume already.`, {
    status: "ALREADY_EXISTS",
    remedy: "Choose another path, or say that it may be overwritten (--force).",
  });
}

function needsRecursive(path: string, verb: string): AppError {
  return new AppError("PATH_IS_A_DIRECTORY", `${JSON.stringify(path)} is a directory and was not ${verb}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Say that what is in it is meant, too (--recursive).",
  });
}

function needsDirectory(destination: string, what: string): AppError {
  return new AppError(
    "PATH_NOT_A_DIRECTORY",
    `${JSON.stringify(destination)} is no directory, and ${what} can be copied only into one there.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Name a directory that is there, or copy one by one and say what each is to be called.",
    },
  );
}

function copiedTwice(source: string, target: string): AppError {
  return new AppError(
    "VOLUME_FILE_EXISTS",
    `${JSON.stringify(source)} would take the place of ${JSON.stringify(target)}, which the same copy has made.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Copy one of them under another name.",
    },
  );
}

function intoItself(source: string, target: string): AppError {
  return new AppError(
    "COPY_INTO_ITSELF",
    `${JSON.stringify(source)} cannot be copied to ${JSON.stringify(target)}.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Choose a destination outside of what is copied.",
    },
  );
}
