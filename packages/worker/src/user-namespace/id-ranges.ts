import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { FileLock } from "@dorian/linux/file-lock";
import type { IdRange } from "@dorian/linux/user-namespace";

/** Above what /etc/subuid gives to users, and below where 32 bits are read as a negative number. */
const kinds = {
  /** As many as images may use: 16 bits are what they count on. */
  container: { first: 0x1000_0000, end: 0x4000_0000, size: 0x1_0000, lock: "" },
  /** Archives that a build unpacks carry the ids of other people's machines, which take 24 bits on many. */
  build: { first: 0x4000_0000, end: 0x7000_0000, size: 0x100_0000, lock: "build-" },
};

export type IdRangeKind = keyof typeof kinds;

/**
 * A range of ids that no other container of this machine has, whichever worker started it, until it is disposed of.
 * `directory` holds a lock for each: the kernel lets go of them when the process ends. A build gets a container's when
 * its own kind is used up.
 */
export function takeIdRange(
  directory: string,
  start: number,
  kind: IdRangeKind = "container",
): IdRange & Disposable {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { first, end, size, lock: prefix } = kinds[kind];
  const count = (end - first) / size;
  for (let offset = 0; offset < count; offset += 1) {
    const index = (start + offset) % count;
    const lock = FileLock.tryAcquire(join(directory, `${prefix}${index}`));
    if (!lock) continue;
    return { first: first + index * size, size, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  }
  if (kind === "build") return takeIdRange(directory, start);
  throw new AppError("ID_RANGES_EXHAUSTED", `All ${count} ranges of user ids are in use.`, {
    status: "RESOURCE_EXHAUSTED",
    remedy: "Wait until containers have ended.",
  });
}
