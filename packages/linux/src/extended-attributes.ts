import { check, lastErrno, libc } from "./libc.ts";

/** True when a file carries extended attributes, of whatever kind. Does not follow links. */
export function hasAttributes(path: string): boolean {
  const length = Number(libc.llistxattr(path, null, 0));
  if (length < 0 && lastErrno() === "EOPNOTSUPP") return false;
  return check(length, `list the attributes of ${path}`) > 0;
}

/** Removes an extended attribute of the file that a path leads to; none by that name is fine. */
export function removeAttribute(path: string, name: string): void {
  if (Number(libc.removexattr(path, name)) === 0) return;
  const errno = lastErrno();
  if (errno !== "ENODATA" && errno !== "EOPNOTSUPP") check(-1, `remove ${name} of ${path}`);
}
