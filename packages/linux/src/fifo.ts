import { constants, openSync } from "node:fs";
import { check, libc } from "./libc.ts";

const S_IFIFO = 0o010000;
const ownerOnly = 0o600;

/**
 * Makes a named pipe and opens it, which waits for nobody, as writing does not: no more is written than the pipe holds. Who opens
 * it to read waits for what is written, and sees its end when the descriptor is closed or this process has ended.
 */
export function openFifo(path: string): number {
  check(libc.mknod(path, S_IFIFO | ownerOnly, 0), `named pipe ${path}`);
  // For reading, too: opening would wait for a reader else.
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}
