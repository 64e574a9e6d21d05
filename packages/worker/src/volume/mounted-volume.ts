import { AppError } from "@dorian/base/app-error";
import { Turns } from "@dorian/base/turns";
import { storing } from "@dorian/storage/storage-error";
import { FrozenLayers } from "./frozen-layers.ts";
import { VolumeOverlay, type CommitKind, type VolumeOverlayOptions } from "./volume-overlay.ts";
import type { VolumeUsers } from "./volume-users.ts";
import type { VolumeVersion } from "./volume-version.ts";

/** Newest versions of volumes, where they are recorded: in the control plane. */
export interface VolumeHeads {
  head(volumeId: string, options: { signal: AbortSignal }): Promise<VolumeVersion>;
  append(
    commit: { volumeId: string; layerId: string; baseVersion: bigint; taskId: string; bytes: number },
    options: { signal: AbortSignal },
  ): Promise<VolumeVersion>;
}

export interface MountedVolumeOptions extends VolumeOverlayOptions {
  volumeId: string;
  taskId: string;
  heads: VolumeHeads;
  /** Whether a reload leaves files that are open at the version they were opened in, or is refused because of them. */
  openFiles?: "kept" | "refused";
}

/**
 * One volume in one container: an overlay of the version it started from, with a private writable directory on top.
 *
 * A commit renames the writable directory into the layer store and swaps in a mount that has it as its topmost lower
 * layer. No byte is copied, except of files that are open for writing at that moment.
 */
export class MountedVolume implements AsyncDisposable {
  readonly volumeId: string;
  #options: MountedVolumeOptions;
  #overlay: VolumeOverlay;
  #version: bigint;
  #frozen: FrozenLayers;
  #turns = new Turns();

  private constructor(options: MountedVolumeOptions, overlay: VolumeOverlay, frozen: FrozenLayers) {
    this.volumeId = options.volumeId;
    this.#options = options;
    this.#version = options.head.version;
    this.#overlay = overlay;
    this.#frozen = frozen;
  }

  static async mount(options: MountedVolumeOptions): Promise<MountedVolume> {
    const frozen = new FrozenLayers(options.layers);
    return new MountedVolume(options, await VolumeOverlay.open(options, frozen), frozen);
  }

  /** Path of the mount on this machine. */
  get target(): string {
    return this.#options.target;
  }

  /** False when nothing was written since the last commit, which is recorded. Costs the reading of one directory. */
  get mayHaveChanges(): boolean {
    const isSettled = this.#turns.isIdle && this.#overlay.isSettled && this.#frozen.ids.length === 0;
    return !isSettled || this.#overlay.holdsSomething;
  }

  /**
   * Makes what was written so far the volume's next version. Returns the bytes of the new layer, or undefined when
   * there was nothing to commit.
   *
   * @throws AppError when the layer cannot be stored or recorded; what was written stays in the container, which can go
   * on writing, and the next commit takes it along.
   */
  commit(
    kind: CommitKind,
    users: VolumeUsers | undefined,
    options: { signal: AbortSignal },
  ): Promise<number | undefined> {
    return this.#exclusively(() => this.#commit(kind, users, options.signal));
  }

  /**
   * Commits what was written, then shows the newest version. Descriptors opened before keep what they opened.
   *
   * @throws AppError VOLUME_FILES_OPEN when the mount refuses that, VOLUME_RELOAD_UNSUPPORTED when its users would not see it
   */
  reload(users: VolumeUsers | undefined, options: { signal: AbortSignal }): Promise<void> {
    return this.#exclusively(async () => {
      if (users?.mountsCanBeReplaced === false) throw cannotReload(this.volumeId);
      if (this.#options.openFiles === "refused" && users) await this.#overlay.refuseOpenFiles(users);
      await this.#commit("requested", users, options.signal);
      const head = await this.#options.heads.head(this.volumeId, options);
      await this.#show(head, users, options.signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.settled();
    await this.#overlay[Symbol.asyncDispose]();
  }

  async #commit(
    kind: CommitKind,
    users: VolumeUsers | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    await this.#overlay.settle();
    await this.#publish(signal);
    if (!this.#overlay.holdsSomething) return undefined;
    await this.#overlay.flush();
    if (!(await this.#overlay.freeze(kind, users))) return undefined;
    const published = await this.#publish(signal);
    if (published === undefined) return undefined;
    // A background commit must not change under the writer what it sees; one that was asked for refreshes the view.
    // Nor can it be refreshed under a process that stands in it.
    if (kind === "requested" && !this.#overlay.hasCopies) await this.#show(published.head, users, signal);
    return published.bytes;
  }

  async #show(head: VolumeVersion, users: VolumeUsers | undefined, signal: AbortSignal): Promise<void> {
    await this.#overlay.settle();
    this.#version = head.version;
    if (head.layerIds.join() === this.#overlay.layerIds.join()) return;
    await this.#overlay.show(head, users);
    await this.#publish(signal);
  }

  /** Records frozen layers in order. Returns the head after the last one, and the bytes of that. */
  #publish(signal: AbortSignal): Promise<{ head: VolumeVersion; bytes: number } | undefined> {
    const { heads, taskId } = this.#options;
    return this.#frozen.publish(async (layer) => {
      const commit = { volumeId: this.volumeId, taskId, baseVersion: this.#version, ...layer };
      const head = await heads.append(commit, { signal });
      this.#version = head.version;
      return head;
    });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => storing(this.#options.scratch, work));
  }
}

function cannotReload(volumeId: string): AppError {
  return new AppError(
    "VOLUME_RELOAD_UNSUPPORTED",
    `Volume ${volumeId} cannot be reloaded: this container runs in gVisor, which shows a mount as it was at its start.`,
    { remedy: "Containers that start later show the newest version; or run the function with runc." },
  );
}
