import { join } from "node:path";
import { removeTree } from "@dorian/linux/remove-tree";
import { LayerStore } from "@dorian/storage/layer-store";
import { type OnLeftover, SetAside } from "@dorian/storage/set-aside";
import type { Logger } from "pino";
import {
  createRuntimeRoot,
  createWorkerDirectories,
  setAsideName,
  type WorkerDirectories,
  workerDirectories,
} from "../machine/worker-directories.ts";
import { DeadWorkers, showAlive } from "./dead-workers.ts";
import { reapLeftovers } from "./reap-leftovers.ts";

/** Where a worker keeps what it makes. */
export interface ClearedDirectories extends AsyncDisposable {
  directories: WorkerDirectories;
  layers: LayerStore;
  /** Takes a tree of it out of the way at once, and removes it meanwhile. */
  discard: (path: string) => Promise<void>;
}

/**
 * Opens a worker's directories, and clears the machine of what an earlier one left behind, as of what this one leaves when it is
 * disposed of. Until then others of the machine see that it lives, and it sees to theirs.
 */
export async function openClearedDirectories(
  dataDirectory: string,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<ClearedDirectories> {
  await using opening = new AsyncDisposableStack();
  const directories = await workerDirectories(dataDirectory);
  createRuntimeRoot();
  const onLeftover: OnLeftover = ({ path, error }) =>
    logger.warn(
      { path, err: error },
      "could not remove what is not needed any more; the next start tries again",
    );
  const layers = opening.use(await LayerStore.open(dataDirectory, { onLeftover }));
  const runtimeAside = opening.use(
    await SetAside.open(join(directories.runtime, setAsideName), { onLeftover }),
  );
  const discard = (path: string) =>
    path.startsWith(`${directories.runtime}/`) ? runtimeAside.put(path) : layers.discard(path);
  const own = { instance: directories.instance, runtimeDirectory: directories.runtime };
  const leftovers = { ...own, scratchDirectory: directories.scratch, discard };
  opening.use(await showAlive(own, { signal }));
  const reaped = await reapLeftovers(leftovers);
  logger.debug({ reaped }, "cleared what an earlier worker left");
  await createWorkerDirectories(directories);
  opening.defer(async () => {
    await reapLeftovers(leftovers);
    await removeTree(directories.runtime).catch((error: unknown) =>
      onLeftover({ path: directories.runtime, error }),
    );
  });
  opening.use(new DeadWorkers({ ...own, logger }));
  const resources = opening.move();
  return { directories, layers, discard, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
