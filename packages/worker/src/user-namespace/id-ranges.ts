import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { FileLock } from "@dorian/linux/file-lock";
import type { IdRange } from "@dorian/linux/user-namespace";

/** As many as images may use: 16 bits are what they count on. */
const size = 0x1_0000;
/** Above what /etc/subuid gives to users, and below where 32 bits are read as a negative number. */
const firstOfAll = 0x1000_0000;
const count = (0x7000_0000 - firstOfAll) / size;

/**
 * A range of ids that no other container of this machine has, whichever worker started it, until it is disposed of.
 * `directory` holds a lock for each: the kernel lets go of them when the process ends.
 */
export function takeIdRange(directory: string, start: number): IdRange & Disposable {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (let offset = 0; offset < count; offset += 1) {
    const index = (start + offset) % count;
    const lock = FileLock.tryAcquire(join(directory, String(index)));
    if (!lock) continue;
    return { first: firstOfAll + index * size, size, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }
  throw new AppError("ID_RANGES_EXHAUSTED", `All ${count} ranges of user ids are in use.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Wait until containers have ended.",
  });
}
