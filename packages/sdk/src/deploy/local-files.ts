import { createHash } from "node:crypto";
import { createReadStream, type Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, matchesGlob, posix } from "node:path";
import { AppError, errnoOf, messageOf } from "@dorian/base/app-error";
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
  for await (const { path, inside, found } of walk(source.localPath, "", source.ignore, [])) {
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

// Links stand for what they lead to: a container has no other way to get there.
async function* walk(
  directory: string,
  inside: string,
  ignore: readonly string[],
  above: readonly string[],
): AsyncGenerator<WalkedFile> {
  const { real, names } = await readDirectory(directory);
  if (above.includes(real)) {
    throw new AppError("LOCAL_LINK_CYCLE", `"${directory}" is a link to a directory that it lies in.`, {
      status: "INVALID_ARGUMENT",
      remedy: "Remove the link, or leave it out with { ignore: […] }.",
    });
  }
  for (const name of names) {
    const place = inside === "" ? name : `${inside}/${name}`;
    if (ignore.some((pattern) => isIgnored(place, pattern))) continue;
    const path = join(directory, name);
    const found = await stat(path).catch((error: unknown) => {
      throw fileError(path, error);
    });
    if (found.isDirectory()) yield* walk(path, place, ignore, [...above, real]);
    else if (found.isFile()) yield { path, inside: place, found };
  }
}

async function readDirectory(directory: string): Promise<{ real: string; names: string[] }> {
  try {
    return { real: await realpath(directory), names: (await readdir(directory)).toSorted() };
  } catch (error) {
    throw fileError(directory, error);
  }
}

// As in .gitignore: a pattern without a slash means that name at any depth, and a directory goes with all that is in it.
function isIgnored(place: string, pattern: string): boolean {
  const plain = pattern.replace(/\/$/, "").replace(/^\.?\//, "");
  return matchesGlob(place, plain) || (!plain.includes("/") && matchesGlob(posix.basename(place), plain));
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
      remedy: "Check the path; it is relative to where you run the command.",
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
