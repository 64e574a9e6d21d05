import { AppError } from "@dorian/base/app-error";
import type { MountFile as WireFile } from "@dorian/protocol/modal";
import { createHash } from "node:crypto";
import { posix } from "node:path";

/** One file of a mount. */
export interface MountFile {
  /** Absolute, where it appears in the container. With a slash at its end: a directory that holds nothing else. */
  path: string;
  /** Hex SHA-256 of the content; "" for a directory. */
  sha256: string;
  /** Permission bits. */
  mode: number;
}

const ordinaryMode = 0o644;

/**
 * The files of a request in one order, checked to make one tree.
 *
 * @throws AppError MOUNT_FILE_INVALID
 */
export function parseMountFiles(files: readonly WireFile[]): MountFile[] {
  return mountTree(
    files.map((file) => ({
      path: checkPath(file.filename),
      sha256: file.filename.endsWith("/") ? "" : checkDigest(file),
      mode: (file.mode ?? ordinaryMode) & 0o7777,
    })),
  );
}

/** Files in one order, checked to make one tree. @throws AppError MOUNT_FILE_INVALID */
export function mountTree(files: readonly MountFile[]): MountFile[] {
  const parsed = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const paths = new Set<string>();
  for (const { path } of parsed) {
    if (paths.has(path) || paths.has(path.replace(/\/$/, "")))
      throw invalid(`The file "${path}" is named twice.`);
    paths.add(path);
  }
  for (const { path } of parsed) {
    for (let parent = posix.dirname(path); parent !== "/"; parent = posix.dirname(parent)) {
      if (paths.has(parent))
        throw invalid(`"${parent}" is named as a file and as the directory of "${path}".`);
    }
  }
  return parsed;
}

/** Digest of the whole: equal for equal trees, in whatever order they were named. */
export function mountChecksum(files: readonly MountFile[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${JSON.stringify([file.path, file.sha256, file.mode])}\n`);
  return hash.digest("hex");
}

function checkPath(path: string): string {
  const plain = path.replace(/\/$/, "");
  if (path.startsWith("/") && path !== "/" && posix.resolve(plain) === plain && !path.includes("\0"))
    return path;
  throw invalid(`A file cannot be mounted at "${path}".`);
}

function checkDigest(file: WireFile): string {
  if (/^[0-9a-f]{64}$/.test(file.sha256Hex)) return file.sha256Hex;
  throw invalid(`The digest of "${file.filename}" is not a SHA-256 in hex.`);
}

function invalid(message: string): AppError {
  return new AppError("MOUNT_FILE_INVALID", message, {
    status: "INVALID_ARGUMENT",
    remedy: 'Name each file once, by an absolute path without "." or "..".',
  });
}
