import type { Stats } from "node:fs";
import { fileBytes, fileName } from "@dorian/base/file-name";
import { check, fail, lastErrno, libc } from "./libc.ts";

const S_IFCHR = 0o020000;
const opaqueKey = "trusted.overlay.opaque";
const redirectKey = "trusted.overlay.redirect";
const originKey = "trusted.overlay.origin";

/** Creates the mark by which an overlay layer says that a name below it is deleted. */
export function createWhiteout(path: string): void {
  check(libc.mknod(path, S_IFCHR, 0), `whiteout ${path}`);
}

/**
 * Says that `directory` may hold whiteouts. Without this the kernel lists them by name where a directory comes from one
 * layer alone; to it, a recorded origin (of unknown value here) means that the directory once lay over another. False when it said so
 * already.
 */
export function markWhiteouts(directory: string): boolean {
  if (getAttribute(directory, originKey) !== undefined) return false;
  check(libc.lsetxattr(directory, originKey, Buffer.alloc(1), 0, 0), `mark whiteouts in ${directory}`);
  return true;
}

/** Takes back what {@link markWhiteouts} said. */
export function unmarkWhiteouts(directory: string): void {
  check(libc.lremovexattr(directory, originKey), `take the mark for whiteouts from ${directory}`);
}

/** True for a directory entry that marks a deletion. Needs an lstat result. */
export function isWhiteout(stats: Stats): boolean {
  return stats.isCharacterDevice() && stats.rdev === 0;
}

/** True when a layer's directory hides all that lower layers have in it. */
export function isOpaque(directory: string): boolean {
  return getAttribute(directory, opaqueKey)?.toString() === "y";
}

export function clearOpaque(directory: string): void {
  check(libc.lremovexattr(directory, opaqueKey), `clear opaque of ${directory}`);
}

export function setOpaque(directory: string): void {
  const value = Buffer.from("y");
  check(libc.lsetxattr(directory, opaqueKey, value, value.length, 0), `set opaque on ${directory}`);
}

/**
 * Where a renamed directory's lower content is: an absolute path from the root of the stack, or a name in the same
 * parent. Undefined for an ordinary directory.
 */
export function redirectOf(directory: string): string | undefined {
  const redirect = getAttribute(directory, redirectKey);
  return redirect && fileName(redirect);
}

export function setRedirect(directory: string, redirect: string): void {
  const value = fileBytes(redirect);
  check(libc.lsetxattr(directory, redirectKey, value, value.length, 0), `set redirect on ${directory}`);
}

export function clearRedirect(directory: string): void {
  check(libc.lremovexattr(directory, redirectKey), `clear redirect of ${directory}`);
}

function getAttribute(path: string, key: string): Buffer | undefined {
  const buffer = Buffer.alloc(4096);
  const length = Number(libc.lgetxattr(path, key, buffer, buffer.length));
  if (length >= 0) return buffer.subarray(0, length);
  const errno = lastErrno();
  if (errno === "ENODATA" || errno === "EOPNOTSUPP") return undefined;
  return fail(`read ${key} of ${path}`, errno);
}
