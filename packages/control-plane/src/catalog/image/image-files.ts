import { type FileHandle, readlink } from "node:fs/promises";
import { posix } from "node:path";
import { openStoredFile, readStoredText } from "@dorian/storage/stored-file";
import { lookup, readMerged, type StackEntry } from "@dorian/storage/merged-directory";

const maxLinks = 40;
/** Headers and settings that are read have some kB. */
const maxTextBytes = 1024 * 1024;
/** Interpreters that were linked into one program have 100 MB. */
const maxSearchedBytes = 256 * 1024 * 1024;
const searchBytes = 1024 * 1024;
/** Longest match that is found wherever it lies. */
const overlapBytes = 256;

/** The files of an image as its containers see them, read without running it. Links lead to places in the image. */
export class ImageFiles {
  #root: string[];

  /** @param layerPaths lowest first */
  constructor(layerPaths: readonly string[]) {
    this.#root = layerPaths.toReversed();
  }

  /** Finds where a path leads, free of links. Undefined when nothing is there. */
  async realPath(path: string): Promise<string | undefined> {
    return (await this.#locate(path))?.path;
  }

  async text(path: string): Promise<string | undefined> {
    const found = await this.#locate(path);
    if (found?.entry.kind !== "leaf" || !found.entry.stats.isFile()) return undefined;
    return readStoredText(found.entry.hostPath, { maxBytes: maxTextBytes });
  }

  /** The first match of a pattern in a file of bytes, if it is in the first {@link maxSearchedBytes}. */
  async matchIn(path: string, pattern: RegExp): Promise<RegExpExecArray | null> {
    const found = await this.#locate(path);
    if (found?.entry.kind !== "leaf" || !found.entry.stats.isFile()) return null;
    await using file = await openStoredFile(found.entry.hostPath);
    return file ? await firstMatch(file, pattern) : null;
  }

  /** Names in a directory; none when it is absent. */
  async names(path: string): Promise<string[]> {
    const found = await this.#locate(path);
    const hostPaths = found?.entry.kind === "directory" ? found.entry.hostPaths : [];
    const names: string[] = [];
    for await (const { name } of readMerged(hostPaths)) names.push(name);
    return names;
  }

  async #locate(path: string): Promise<{ path: string; entry: StackEntry } | undefined> {
    // Last first: who takes names from the beginning of a long list moves all the others each time.
    const todo = namesOf(path).toReversed();
    const directories = [{ path: "/", hostPaths: this.#root }];
    let entry: StackEntry | undefined;
    let links = 0;
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === "..") {
        if (directories.length > 1) directories.pop();
        continue;
      }
      const here = directories.at(-1) ?? { path: "/", hostPaths: this.#root };
      entry = await lookup(here.hostPaths, name);
      if (entry === undefined) return undefined;
      const at = posix.join(here.path, name);
      if (entry.kind === "directory") {
        directories.push({ path: at, hostPaths: entry.hostPaths });
        continue;
      }
      if (!entry.stats.isSymbolicLink()) return todo.length > 0 ? undefined : { path: at, entry };
      if (++links > maxLinks) return undefined;
      const target = await readlink(entry.hostPath);
      if (target.startsWith("/")) directories.splice(1);
      todo.push(...namesOf(target).toReversed());
    }
    const last = directories.at(-1);
    if (last === undefined || last.path === "/") return undefined;
    const above = directories.at(-2);
    const directory = above && (await lookup(above.hostPaths, posix.basename(last.path)));
    return directory && { path: last.path, entry: directory };
  }
}

function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

/** Looks through a file in parts: others have their turn in between. */
async function firstMatch(file: FileHandle, pattern: RegExp): Promise<RegExpExecArray | null> {
  const buffer = Buffer.allocUnsafe(searchBytes);
  for (let start = 0; start < maxSearchedBytes; start += searchBytes - overlapBytes) {
    const { bytesRead } = await file.read(buffer, 0, searchBytes, start);
    const match = pattern.exec(buffer.toString("latin1", 0, bytesRead));
    if (match || bytesRead < searchBytes) return match;
  }
  return null;
}
