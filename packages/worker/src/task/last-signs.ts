import { errnoOf } from "@dorian/base/app-error";
import { closeSync, constants, fchmodSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

/** File in the container's private directory, where our guest writes which signal user code sends to its own process. */
const ownSignalFile = "own-signal";
const longestName = 16;

/** Makes the file that guests write to, for whichever user the container runs as: the directory may not be its own. */
export function placeForOwnSignal(privateDirectory: string): void {
  const file = openSync(join(privateDirectory, ownSignalFile), "wx");
  try {
    // Whatever the operator's umask is.
    fchmodSync(file, 0o666);
  } finally {
    closeSync(file);
  }
}

/** The signal that a container's code sent to itself, as its guest wrote down before; "" for none. */
export async function ownSignal(privateDirectory: string): Promise<string> {
  try {
    // The container may have put anything there: nothing that is followed, waited for or long.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using file = await open(join(privateDirectory, ownSignalFile), flags);
    if (!(await file.stat()).isFile()) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestName), 0, longestName, 0);
    return /^SIG[A-Z]+$/.exec(buffer.toString("latin1", 0, bytesRead))?.[0] ?? "";
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return "";
  }
}

const heapFull = Buffer.from("JavaScript heap out of memory");

/** Whether a piece of stderr holds what V8 says before it aborts for want of heap. */
export function saysHeapFull(chunk: Buffer): boolean {
  return chunk.includes(heapFull);
}
