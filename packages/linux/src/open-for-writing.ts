import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { filePath } from "@dorian/base/file-name";
import { fail, lastErrno, libc } from "./libc.ts";

const F_SETLEASE = 1024;
const F_RDLCK = 0;

/**
 * True while some process can write to a regular file through a descriptor or a mapping, in whatever mount it opened
 * it. Only for a file that nobody opens meanwhile: the question is put by leasing the file for a moment.
 */
export function isOpenForWriting(path: string): boolean {
  const descriptor = openSync(
    filePath(path),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  );
  try {
    // A FIFO or a device may have taken the place, and the number, of a file that was there.
    if (!fstatSync(descriptor).isFile()) return false;
    if (Number(libc.fcntl(descriptor, F_SETLEASE, F_RDLCK)) === 0) return false;
    const errno = lastErrno();
    return errno === "EAGAIN" || fail(`lease ${path}`, errno);
  } finally {
    closeSync(descriptor);
  }
}
