import { sleep } from "@dorian/base/sleep";
import type { MountedVolume } from "./mounted-volume.ts";
import type { VolumeUsers } from "./volume-users.ts";

export interface BackgroundCommitOptions {
  volumes: MountedVolume[];
  users: VolumeUsers;
  intervalMs: number;
  /** A failed commit is reported and tried again at the next turn. */
  onError: (volume: MountedVolume, error: unknown) => void;
  signal: AbortSignal;
}

/** Commits what the container wrote, every few seconds, until `signal` aborts. */
export async function commitInBackground(options: BackgroundCommitOptions): Promise<void> {
  const { volumes, users, intervalMs, onError, signal } = options;
  while (!signal.aborted) {
    await sleep(intervalMs, { signal }).catch(() => undefined);
    for (const volume of volumes) {
      if (signal.aborted) return;
      await volume.commit("background", users, { signal }).catch((error: unknown) => {
        if (!signal.aborted) onError(volume, error);
      });
    }
  }
}
