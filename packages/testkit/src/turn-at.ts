import { setTimeout as delay } from "node:timers/promises";
import { FileLock } from "@dorian/linux/file-lock";

/** Waits until no other process holds the lock at `path`, and holds it. */
export async function turnAt(path: string): Promise<FileLock> {
  for (;;) {
    const lock = FileLock.tryAcquire(path);
    if (lock) return lock;
    await delay(200);
  }
}
