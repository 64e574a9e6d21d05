import type { AppError } from "@dorian/base/app-error";
import type { ForkWatch } from "../cgroup/fork-watch.ts";
import type { ProcessWatch } from "../cgroup/process-watch.ts";
import type { DiskWatch } from "../disk/disk-watch.ts";
import type { Container } from "./runtime.ts";

/** What no control group can keep by itself: space on the disk, and beginning processes over and over. */
export interface LimitWatches {
  disk: Pick<DiskWatch, "watch">;
  processes: Pick<ProcessWatch, "watch">;
  forks: Pick<ForkWatch, "watch">;
}

export interface Limited {
  id: string;
  /** All that it writes to. */
  directories: () => readonly string[];
  /** Undefined for the worker's default. */
  diskLimitBytes: number | undefined;
  /** Undefined while none runs. */
  container: () => Pick<Container, "pids" | "freeze" | "processCount" | "weighLeast"> | undefined;
  /** Processes outside of it that hold what it writes. Default: there are none. */
  keepers?: () => Promise<readonly number[]>;
  end: (reason: AppError) => void;
}

/** Ends a task or a build when it takes more than it may, and slows one that multiplies, until the result is disposed of. */
export function holdToLimits(watches: LimitWatches, limited: Limited): Disposable {
  const { id, directories, diskLimitBytes: limitBytes, container, keepers, end } = limited;
  const held = new DisposableStack();
  held.use(
    watches.disk.watch({
      id,
      directories,
      limitBytes,
      pids: async () => [...((await container()?.pids()) ?? []), ...((await keepers?.()) ?? [])],
      freeze: async () => (await container()?.freeze()) ?? new AsyncDisposableStack(),
      end,
    }),
  );
  const count = async () => container()?.processCount();
  held.use(watches.processes.watch({ id, count, end }));
  held.use(
    watches.forks.watch({
      id,
      count,
      pids: async () => (await container()?.pids()) ?? [],
      weighLeast: async () => (await container()?.weighLeast()) ?? new AsyncDisposableStack(),
    }),
  );
  return held;
}
