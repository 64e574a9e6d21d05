import { check, fail, lastErrno, libc } from "./libc.ts";

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
  if (errno !== "ENODATA" && errno !== "EOPNOTSUPP") fail(`remove ${name} of ${path}`, errno);
}

/** What an overlay notes in its layers about other layers. */
const ofOverlay = "trusted.overlay.";
/** No list of names and no value is longer. */
const longest = 65_536;

/**
 * Gives `target` the extended attributes of `source`, which lists who may use it among others; those of an overlay only where
 * `withOverlay` says so. Neither is followed.
 */
export function copyAttributes(source: string, target: string, { withOverlay = false } = {}): void {
  if (!hasAttributes(source)) return;
  const buffer = Buffer.alloc(longest);
  const length = check(libc.llistxattr(source, buffer, longest), `list the attributes of ${source}`);
  const names = buffer.toString("utf8", 0, length).split("\0");
  for (const name of names.filter((each) => each !== "" && (withOverlay || !each.startsWith(ofOverlay)))) {
    const value = Buffer.alloc(longest);
    const size = check(libc.lgetxattr(source, name, value, longest), `read ${name} of ${source}`);
    check(libc.lsetxattr(target, name, value, size, 0), `set ${name} of ${target}`);
  }
}
