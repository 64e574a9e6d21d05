import { check, lastErrno, libc } from "./libc.ts";

/** True when a file carries extended attributes, of whatever kind. Does not follow links. */
export function hasAttributes(path: string): boolean {
  const length = Number(libc.llistxattr(path, null, 0));
  if (length < 0 && lastErrno() === "EOPNOTSUPP") return false;
  return check(length, `list the attributes of ${path}`) > 0;
}
