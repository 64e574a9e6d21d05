import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, matchesGlob, posix, relative, sep } from "node:path";
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
  for await (const path of walk(source.localPath)) {
    const inside = relative(source.localPath, path).split(sep).join("/");
    if (source.ignore.some((pattern) => matchesGlob(inside, pattern))) continue;
    const found = await stat(path).catch((error: unknown) => {
      throw fileError(path, error);
    });
    if (found.isFile()) files.push(await describe(path, posix.join(source.remotePath, inside), found));
  }
  return files;
}

async function* walk(directory: string): AsyncGenerator<string> {
  for (const entry of (await readdir(directory, { withFileTypes: true })).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
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
