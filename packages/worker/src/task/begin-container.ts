import { messageOf } from "@dorian/base/app-error";
import type { StartTask } from "@dorian/protocol/worker";
import type { Container, OnOutput } from "../container/runtime.ts";
import { viewSnapshot } from "../snapshot/snapshot-view.ts";
import { identityOf, wakeGuest } from "../snapshot/wake-guest.ts";
import type { PreparedTask } from "./prepare-task.ts";
import type { TaskDependencies } from "./task-dependencies.ts";

export interface BeginOptions {
  request: StartTask;
  dependencies: Pick<TaskDependencies, "layers" | "criu" | "discard" | "onSnapshotUnusable">;
  onOutput: OnOutput;
  note: (text: string) => void;
  /** It is brought back. */
  onRestored: () => void;
  signal: AbortSignal;
}

/** A container that is not back by then is started: all of its memory is read, at a few hundred mebibytes a second. */
const restoreLimitMs = (bytes: number) => 10_000 + Math.ceil(bytes / 32_768);

/** Starts the container, or brings it back from a snapshot; where that fails before its network was moved, it starts. */
export async function beginContainer(prepared: PreparedTask, options: BeginOptions): Promise<Container> {
  const { request, dependencies, note, onOutput, onRestored, signal } = options;
  const { spec, runtime, network, scratch, privateDirectory } = prepared;
  const { layers, criu, discard } = dependencies;
  const layerId = request.snapshotLayerId;
  if (layerId === "" || criu === undefined) return await runtime.run(spec, { onOutput, signal });
  const failed = (error: unknown) =>
    dependencies.onSnapshotUnusable(request.taskId, { layerId, reason: messageOf(error) });
  const bytes = Number(request.snapshotBytes);
  // Beside what the container writes, for which it has a limit.
  const images = `${scratch}.snapshot`;
  const limit = AbortSignal.timeout(restoreLimitMs(bytes));
  try {
    viewSnapshot(layers.path(layerId), images, { bytes, ids: spec.userNamespace?.ids });
    const inTime = AbortSignal.any([signal, limit]);
    const restored = await runtime.restore(spec, { images, criu, onOutput, signal: inTime });
    await using unfinished = new AsyncDisposableStack();
    unfinished.use(restored);
    await network?.moveInto(restored);
    onRestored();
    wakeGuest(privateDirectory, identityOf(request.taskId));
    unfinished.move();
    return restored;
  } catch (error) {
    signal.throwIfAborted();
    failed(error);
    // Its user ids are those of its first network, which is gone.
    if (network?.hasMoved) throw error;
    const reason = limit.aborted ? "It was not back in time." : messageOf(error);
    note(`The container's snapshot cannot be used, and it starts without. ${reason}`);
    return await runtime.run(spec, { onOutput, signal });
  } finally {
    await discard(images);
  }
}
