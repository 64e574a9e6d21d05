import type { Stats } from "node:fs";
import { AppError } from "@dorian/base/app-error";
import { nameShownAs } from "@dorian/base/file-name";
import { readlink } from "@dorian/linux/tree-calls";
import { childPath, parsePath } from "./layer-path.ts";
import { lookup, readMerged, type StackEntry } from "./merged-directory.ts";

export type FileType = "file" | "directory" | "symlink" | "fifo" | "socket" | "device";

export interface TreeEntry {
  /** From the root of the stack, without a slash in front. */
  path: string;
  type: FileType;
  /** Bytes. */
  size: number;
  mtimeMs: number;
  /** Permission bits. */
  mode: number;
}

/** Where a path leads in a stack of layers. The path it has there is free of symbolic links in its directories. */
export type Located =
  | { kind: "root"; path: ""; hostPaths: string[] }
  | { kind: "found"; path: string; entry: StackEntry }
  | { kind: "missing"; path: string }
  /** A file stands where a directory would have to be. */
  | { kind: "blocked"; path: string };

const maxLinks = 40;

/**
 * Finds what `path` (as a client gave it) names. Symbolic links in its directories are followed within the stack, the
 * last name only when `followLast`.
 *
 * @throws AppError PATH_LEAVES_STACK for a link that leads out of the stack, or in circles.
 */
export async function locate(
  layerPaths: readonly string[],
  path: string,
  options: { followLast: boolean },
): Promise<Located> {
  const root = layerPaths.toReversed();
  const todo = parsePath(path).split("/").filter(Boolean);
  const directories: { name: string; hostPaths: string[] }[] = [];
  let links = 0;
  for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
    if (name === "..") {
      if (directories.pop() === undefined) throw leavesStack(path, "a symbolic link leads above the root");
      continue;
    }
    const here = directories.map((directory) => directory.name).join("/");
    const { name: found, entry } = await lookupShown(directories.at(-1)?.hostPaths ?? root, name);
    const at = childPath(here, found);
    if (entry === undefined) {
      if (todo.includes("..")) throw leavesStack(path, `there is no ${at}, where a symbolic link leads`);
      return { kind: "missing", path: [at, ...todo].join("/") };
    }
    if (entry.kind === "directory") {
      if (todo.length === 0) return { kind: "found", path: at, entry };
      directories.push({ name: found, hostPaths: entry.hostPaths });
    } else if (entry.stats.isSymbolicLink() && (todo.length > 0 || options.followLast)) {
      links += 1;
      if (links > maxLinks) throw leavesStack(path, "its symbolic links lead in circles");
      const target = await readlink(entry.hostPath);
      if (target.startsWith("/")) throw leavesStack(path, `${at} is a symbolic link to ${target}`);
      todo.unshift(...target.split("/").filter((part) => part !== "" && part !== "."));
    } else {
      return todo.length === 0 ? { kind: "found", path: at, entry } : { kind: "blocked", path: at };
    }
  }
  const last = directories.at(-1);
  if (last === undefined) return { kind: "root", path: "", hostPaths: root };
  // The path ended in a link to one of the directories passed on the way.
  const above = directories.at(-2)?.hostPaths ?? root;
  const entry = await lookup(above, last.name);
  const at = directories.map((directory) => directory.name).join("/");
  return entry ? { kind: "found", path: at, entry } : { kind: "missing", path: at };
}

/** What a name is, else what the name is that is shown so because it is not UTF-8. */
async function lookupShown(
  hostPaths: readonly string[],
  name: string,
): Promise<{ name: string; entry: StackEntry | undefined }> {
  const entry = await lookup(hostPaths, name);
  const other = entry === undefined ? nameShownAs(name) : undefined;
  if (other === undefined || other.includes("/") || other.includes("\0")) return { name, entry };
  const odd = await lookup(hostPaths, other);
  return odd ? { name: other, entry: odd } : { name, entry: undefined };
}

/**
 * The file on this machine that a path of the stack (layers lowest first) shows; for a directory, the topmost of those
 * it is merged from. Symbolic links are followed within the stack, so `hostPath` is never one.
 * Undefined when there is none.
 */
export async function resolvePath(
  layerPaths: readonly string[],
  path: string,
): Promise<{ hostPath: string; stats: Stats } | undefined> {
  const located = await locate(layerPaths, path, { followLast: true });
  if (located.kind !== "found") return undefined;
  const { entry } = located;
  if (entry.kind === "leaf") return { hostPath: entry.hostPath, stats: entry.stats };
  return { hostPath: entry.hostPaths[0] ?? "", stats: entry.stats };
}

/**
 * What a directory of the stack (layers lowest first) holds, in no particular order; `recursive`: with all below, a
 * directory before what it holds. The path of a file lists that file. Holds no more in memory than one directory's names.
 *
 * @throws AppError VOLUME_PATH_NOT_FOUND
 */
export async function* listTree(
  layerPaths: readonly string[],
  path: string,
  options: { recursive: boolean },
): AsyncGenerator<TreeEntry> {
  const asked = parsePath(path);
  const located = await locate(layerPaths, path, { followLast: true });
  if (located.kind === "missing" || located.kind === "blocked") throw pathNotFound(path);
  if (located.kind === "found" && located.entry.kind === "leaf") {
    yield describe(asked, located.entry);
    return;
  }
  const hostPaths = located.kind === "root" ? located.hostPaths : hostPathsOf(located.entry);
  const pending = [{ path: asked, hostPaths }];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for await (const { name, entry } of readMerged(directory.hostPaths)) {
      const at = childPath(directory.path, name);
      yield describe(at, entry);
      if (options.recursive && entry.kind === "directory")
        pending.push({ path: at, hostPaths: entry.hostPaths });
    }
  }
}

/** The error for a path that a stack does not have. */
export function pathNotFound(path: string): AppError {
  return new AppError("VOLUME_PATH_NOT_FOUND", `There is no ${JSON.stringify(path)} in the volume.`, {
    status: "NOT_FOUND",
    remedy: "List what is there with `dorian volume ls <volume>`.",
  });
}

function hostPathsOf(entry: StackEntry): string[] {
  return entry.kind === "directory" ? entry.hostPaths : [];
}

function describe(path: string, entry: StackEntry): TreeEntry {
  const { stats } = entry;
  return { path, type: typeOf(stats), size: stats.size, mtimeMs: stats.mtimeMs, mode: stats.mode & 0o7777 };
}

function typeOf(stats: Stats): FileType {
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  if (stats.isSocket()) return "socket";
  return stats.isFile() ? "file" : "device";
}

function leavesStack(path: string, why: string): AppError {
  return new AppError("PATH_LEAVES_STACK", `The path ${JSON.stringify(path)} cannot be followed: ${why}.`, {
    status: "FAILED_PRECONDITION",
    remedy: "Name the file by a path without that link, or make the link relative and within the volume.",
  });
}
