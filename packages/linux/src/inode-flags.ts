import { closeSync, constants, openSync } from "node:fs";
import { libc } from "./libc.ts";

const FS_IOC_GETFLAGS = 0x80086601;
const FS_IOC_SETFLAGS = 0x40086602;
const FS_IMMUTABLE_FL = 0x10;
const FS_APPEND_FL = 0x20;

/**
 * Takes the marks "immutable" and "append only" off a regular file or directory; true when it had one. A path that ends
 * in a descriptor's (`/proc/self/fd/7/name`) leads nowhere else; a link at its end is not followed.
 */
export function clearProtection(path: string | Buffer): boolean {
  let descriptor;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Only regular files and directories can be marked, and those open.
    return false;
  }
  try {
    const flags = Buffer.alloc(8);
    if (Number(libc.ioctl(descriptor, FS_IOC_GETFLAGS, flags)) !== 0) return false;
    const before = flags.readUInt32LE();
    const after = before & ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
    if (after === before) return false;
    flags.writeUInt32LE(after >>> 0);
    return Number(libc.ioctl(descriptor, FS_IOC_SETFLAGS, flags)) === 0;
  } finally {
    closeSync(descriptor);
  }
}
