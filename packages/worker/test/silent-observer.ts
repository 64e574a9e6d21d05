import type { TaskObserver } from "../src/gateway/task-observer.ts";

/** Watches a task's calls, and has nothing to say about them. */
export const silentObserver: TaskObserver = {
  onHello: () => undefined,
  onPhase: () => undefined,
  onReady: () => undefined,
  onInputStarted: () => undefined,
  onInputEnded: () => undefined,
  beforeAnswer: () => undefined,
  onStartFailed: () => undefined,
  onSnapshotAsked: () => undefined,
  commitVolume: async () => undefined,
  reloadVolume: async () => undefined,
};
