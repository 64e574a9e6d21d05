import type { Dirent } from "node:fs";
import {
  chmod as chmodBy,
  chown as chownBy,
  copyFile as copyFileBy,
  lchown as lchownBy,
  link as linkBy,
  lstat as lstatBy,
  mkdir as mkdirBy,
  open as openBy,
  opendir as opendirBy,
  readdir as readdirBy,
  readlink as readlinkBy,
  rename as renameBy,
  rmdir as rmdirBy,
  symlink as symlinkBy,
  truncate as truncateBy,
  unlink as unlinkBy,
} from "node:fs/promises";
import { fileName, filePath } from "@dorian/base/file-name";

// Node's own calls, for trees whose names may be any bytes: paths are texts as `fileName` gives them.

export const chmod = onPaths(chmodBy, 1);
export const chown = onPaths(chownBy, 1);
export const copyFile = onPaths(copyFileBy, 2);
export const lchown = onPaths(lchownBy, 1);
export const link = onPaths(linkBy, 2);
export const lstat = onPaths(lstatBy, 1);
export const mkdir = onPaths(mkdirBy, 1);
export const open = onPaths(openBy, 1);
export const rename = onPaths(renameBy, 2);
export const rmdir = onPaths(rmdirBy, 1);
export const symlink = onPaths(symlinkBy, 2);
export const truncate = onPaths(truncateBy, 1);
export const unlink = onPaths(unlinkBy, 1);

const openDirectory = onPaths(opendirBy, 1);

export async function readlink(path: string): Promise<string> {
  return fileName(await readlinkBy(filePath(path), { encoding: "buffer" }));
}

/** The entries of a directory. */
export async function readEntriesOf(path: string): Promise<Dirent[]> {
  return (await readdirBy(filePath(path), { encoding: "latin1", withFileTypes: true })).map(named);
}

/** The entries of a directory, not too many at a time. */
export async function openEntriesOf(path: string, bufferSize: number): Promise<AsyncIterable<Dirent>> {
  return namedEntries(await openDirectory(path, { encoding: "latin1", bufferSize }));
}

async function* namedEntries(entries: AsyncIterable<Dirent>): AsyncGenerator<Dirent> {
  for await (const entry of entries) yield named(entry);
}

function named(entry: Dirent): Dirent {
  entry.name = fileName(Buffer.from(entry.name, "latin1"));
  return entry;
}

/** A call whose first `count` arguments are paths. Its overloads stay as they are. */
function onPaths<T extends (...args: never[]) => unknown>(call: T, count: number): T {
  const wrapped = (...args: unknown[]) =>
    (call as unknown as (...args: unknown[]) => unknown)(
      ...args.map((each, index) => (index < count && typeof each === "string" ? filePath(each) : each)),
    );
  return wrapped as unknown as T;
}
