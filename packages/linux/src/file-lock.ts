import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { errnoOf } from "@dorian/base/app-error";
import { fail, lastErrno, libc } from "./libc.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/** A file locked by this process. The kernel lets go of it when the process ends, however it ends. */
export class FileLock implements Disposable {
  #descriptor: number | undefined;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Locks `path`, made if absent; undefined while somebody else has it. */
  static tryAcquire(path: string): FileLock | undefined {
    for (let failures = 0; ;) {
      const descriptor = openSync(path, "a");
      if (Number(libc.flock(descriptor, LOCK_EX | LOCK_NB)) !== 0) {
        const errno = lastErrno();
        closeSync(descriptor);
        if (errno === "EAGAIN") return undefined;
        // Asks twice: the runtime may call the kernel between a call and the question for its errno.
        failures += 1;
        if (failures > 1) fail(`lock ${path}`, errno);
        continue;
      }
      if (isStillAt(path, descriptor)) return new FileLock(descriptor);
      // Whoever held it removed the file in between: a lock on a nameless file keeps nobody out.
      closeSync(descriptor);
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function isStillAt(path: string, descriptor: number): boolean {
  try {
    return statSync(path).ino === fstatSync(descriptor).ino;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
