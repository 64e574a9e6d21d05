import { AppError } from "@dorian/base/app-error";
import { sleep } from "@dorian/base/sleep";
import { useStartReserve } from "@dorian/storage/start-reserve";
import type { CommandContext } from "../context.ts";
import { DataLock, type DataRole } from "../../process/data-lock.ts";

/** Time in milliseconds for an orphan to clear up and end by itself, then for the kernel to end it. */
const orphanMs = 10_000;
const killedMs = 2_000;
/** Time in milliseconds for one that holds a role and no longer says, or does not yet say, who it is. */
const unnamedMs = 2_000;
const lookEveryMs = 50;

/**
 * Takes a role in a data directory. From a process whose supervisor was killed it takes it over: that one is ending, and is
 * killed when it cannot. One that does not say who it is has a moment to end, or to say so.
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
  let unnamedSinceMs: number | undefined;
  for (;;) {
    try {
      return DataLock.acquire(dataDirectory, role, supervisor ? { supervisorPid: process.ppid } : {});
    } catch (error) {
      if (!isInUse(error)) throw error;
      const waitedMs = performance.now() - startedAtMs;
      const orphan = DataLock.orphanHolding(dataDirectory, role);
      if (orphan !== undefined) unnamedSinceMs = undefined;
      else if (DataLock.isUnnamed(dataDirectory, role)) unnamedSinceMs ??= waitedMs;
      else throw error;
      if (waitedMs - (unnamedSinceMs ?? waitedMs) > unnamedMs || waitedMs > orphanMs + killedMs) throw error;
      if (orphan !== undefined && waitedMs > orphanMs) process.kill(orphan, "SIGKILL");
      await sleep(lookEveryMs, { signal });
    }
  }
}

function isInUse(error: unknown): boolean {
  return AppError.is(error) && error.code === "DATA_DIRECTORY_IN_USE";
}
