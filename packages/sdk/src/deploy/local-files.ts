import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
import { IgnorePatterns, type Verdict } from "../image/ignore-patterns.ts";
import type { LocalSource } from "../image/local-source.ts";

/** A file that goes into a mount: content of its own, or where to read it. */
export interface MountContent {
  /** Absolute path in the container. */
  filename: string;
  mode: number;
  sha256: string;
  size: number;
  content: Uint8Array | { path: string };
}

export function contentFile(filename: string, content: Uint8Array): MountContent {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { filename, mode: 0o644, sha256, size: content.length, content };
}

/**
 * The files of a local source with their digests.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_INVALID
 */
export async function localFiles(source: LocalSource): Promise<MountContent[]> {
  const stats = await stat(source.localPath).catch((error: unknown) => {
    throw fileError(source.localPath, error);
  });
  if (source.kind === "file") {
    if (!stats.isFile()) throw notA(source.localPath, "file", "Use addLocalDir for a directory.");
    return [await describe(source.localPath, source.remotePath, stats)];
  }
  if (!stats.isDirectory()) throw notA(source.localPath, "directory", "Use addLocalFile for a file.");
  const files: MountContent[] = [];
  const top = { path: source.localPath, inside: "", verdict: IgnorePatterns.undecided, above: [] };
  for await (const { path, inside, found } of walk(top, source.ignore)) {
    files.push(await describe(path, posix.join(source.remotePath, inside), found));
  }
  return files;
}

interface WalkedFile {
  path: string;
  /** Relative to where the walk began, with slashes. */
  inside: string;
  found: Stats;
}

interface WalkedDirectory {
  path: string;
  /** Relative to where the walk began, with slashes. */
  inside: string;
  verdict: Verdict;
  /** Real paths of the directories it is in. */
  above: readonly string[];
}

// Links stand for what they lead to: a container has no other way to get there.
async function* walk(directory: WalkedDirectory, ignore: IgnorePatterns): AsyncGenerator<WalkedFile> {
  const { real, names } = await readDirectory(directory.path);
  if (directory.above.includes(real)) {
    throw new AppError("LOCAL_LINK_CYCLE", `"${directory.path}" is a link to a directory that it lies in.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Remove the link, or leave it out with { ignore: […] }.",
    });
  }
  const above = [...directory.above, real];
  for (const name of names) {
    const inside = posix.join(directory.inside, name);
    const verdict = ignore.judge(inside, directory.verdict);
    const isIgnored = ignore.ignores(verdict);
    if (isIgnored && !ignore.mayBringBackFrom(inside, verdict)) continue;
    const path = join(directory.path, name);
    const found = await stat(path).catch((error: unknown) => {
      throw fileError(path, error);
    });
    if (found.isDirectory()) yield* walk({ path, inside, verdict, above }, ignore);
    else if (found.isFile() && !isIgnored) yield { path, inside, found };
  }
}

async function readDirectory(directory: string): Promise<{ real: string; names: string[] }> {
  try {
    return { real: await realpath(directory), names: (await readdir(directory)).toSorted() };
  } catch (error) {
    throw fileError(directory, error);
  }
}

async function describe(
  path: string,
  filename: string,
  stats: { size: number; mode: number },
): Promise<MountContent> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    throw fileError(path, error);
  }
  return {
    filename,
    mode: stats.mode & 0o777,
    sha256: hash.digest("hex"),
    size: stats.size,
    content: { path },
  };
}

/** What went wrong with a file of this machine, in words. */
export function fileError(path: string, error: unknown): AppError {
  if (errnoOf(error) === "ENOENT") {
    return new AppError("LOCAL_FILE_MISSING", `"${path}" does not exist, or vanished while it was read.`, {
      status: "NOT_FOUND",
      remedy: "Check the path; a relative one counts from the directory of the app's file.",
      cause: error,
    });
  }
  return new AppError("LOCAL_FILE_UNREADABLE", `"${path}" cannot be read: ${messageOf(error)}.`, {
    remedy: "Check its permissions.",
    cause: error,
  });
}

function notA(path: string, kind: string, remedy: string): AppError {
  return new AppError("LOCAL_FILE_INVALID", `"${path}" is not a ${kind}.`, {
    status: "INVALID_ARGUMENT",
    remedy,
  });
}
