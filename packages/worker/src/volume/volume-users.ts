import { errnoOf } from "@dorian/base/app-error";
import type { WayBack } from "@dorian/base/way-back";
import { sealReadOnly, unseal } from "@dorian/linux/mount";
import { inMountNamespace } from "@dorian/linux/mount-namespace";

/** The processes that use the mount. */
export interface VolumeUsers {
  /** One of them: the mount is swapped where it sees it. */
  readonly pid: number;
  /** Whether a swap there reaches them. */
  readonly mountsCanBeReplaced: boolean;
  pids(): Promise<number[]>;
  freeze(): Promise<AsyncDisposable>;
}

/** Seals the mount that `pid` sees at `target`. */
export function seal(pid: number, target: string, wayBack: WayBack): void {
  if (!inMountNamespace(pid, () => sealReadOnly(target))) return;
  wayBack.add(() => {
    try {
      inMountNamespace(pid, () => unseal(target));
    } catch (error) {
      // With the process went what it saw.
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  });
}
