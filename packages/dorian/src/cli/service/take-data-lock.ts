import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { useStartReserve } from "@dorian/storage/start-reserve";
import type { CommandContext } from "../context.ts";
import { DataLock, type DataRole } from "../../process/data-lock.ts";

/** Time in milliseconds for an orphan to clear up and end by itself, then for the kernel to end it. */
const orphanMs = 10_000;
const killedMs = 2_000;
const lookEveryMs = 50;

/**
 * Takes a role in a data directory. From a process whose supervisor was killed it takes it over: that one is ending, and is
 * killed when it cannot.
 *
 * @throws AppError DATA_DIRECTORY_IN_USE
 */
export async function takeDataLock(
  dataDirectory: string,
  role: DataRole,
  { signal, supervisor }: Pick<CommandContext, "signal" | "supervisor">,
): Promise<DataLock> {
  // The first thing that writes.
  useStartReserve(dataDirectory);
  const startedAtMs = performance.now();
  for (;;) {
    try {
      return DataLock.acquire(dataDirectory, role, supervisor ? { supervisorPid: process.ppid } : {});
    } catch (error) {
      const waitedMs = performance.now() - startedAtMs;
      const orphan = isInUse(error) ? DataLock.orphanHolding(dataDirectory, role) : undefined;
      if (orphan === undefined || waitedMs > orphanMs + killedMs) throw error;
      if (waitedMs > orphanMs) process.kill(orphan, "SIGKILL");
      await sleep(lookEveryMs, { signal });
    }
  }
}

function isInUse(error: unknown): boolean {
  return AppError.is(error) && error.code === "DATA_DIRECTORY_IN_USE";
}
