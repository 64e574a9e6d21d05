import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { Turns } from "@dorian/base/turns";
import { WayBack } from "@dorian/base/way-back";
import { sealReadOnly, unmount, unseal } from "@dorian/linux/mount";
import { inMountNamespace } from "@dorian/linux/mount-namespace";
import type { LayerStore } from "@dorian/storage/layer-store";
import { normaliseLayer, prepareLayer } from "@dorian/storage/normalise-layer";
import { storing } from "@dorian/storage/storage-error";
import { createOverlayFor, type UserNamespace } from "../user-namespace/user-namespaces.ts";
import { copyBack, moveWritten } from "./move-written.ts";
import type { DirectoryOwner } from "./covered-directories.ts";
import { openFilesOf, type OpenFiles } from "./open-files.ts";
import { ShownDirectory } from "./shown-directory.ts";
import { UnpublishedLayers, type FrozenLayer } from "./unpublished-layers.ts";
import { copyUpper, hideMissing, removeFiles, unchangedIn, type Identities } from "./upper-copy.ts";
import { flushFiles, holdsOnly } from "./upper-directory.ts";
import { nothingCopied, overlayOptions, type VolumeView } from "./volume-view.ts";
import type { VolumeVersion } from "./volume-version.ts";
import { WritableDirectory } from "./writable-directory.ts";
import { stillWritten } from "./written-files.ts";

/** Newest versions of volumes, where they are recorded: in the control plane. */
export interface VolumeHeads {
  head(volumeId: string, options: { signal: AbortSignal }): Promise<VolumeVersion>;
  append(
    commit: { volumeId: string; layerId: string; baseVersion: bigint; taskId: string; bytes: number },
    options: { signal: AbortSignal },
  ): Promise<VolumeVersion>;
}

/** The processes that use the mount. */
export interface VolumeUsers {
  /** One of them: the mount is swapped where it sees it. */
  readonly pid: number;
  /** Whether a swap there reaches them. */
  readonly mountsCanBeReplaced: boolean;
  pids(): Promise<number[]>;
  freeze(): Promise<AsyncDisposable>;
}

export interface MountedVolumeOptions {
  volumeId: string;
  taskId: string;
  /** Directory where the volume is first mounted. */
  target: string;
  /** Where its users see it. */
  mountPath: string;
  /** Private directory on the file system of the layer store. */
  scratch: string;
  layers: LayerStore;
  heads: VolumeHeads;
  head: VolumeVersion;
  /** Of its users. Default: the host's. */
  userNamespace?: UserNamespace | undefined;
  /** The directory that it is mounted over: a volume that has nothing yet belongs to the same user. */
  covered?: DirectoryOwner | undefined;
  /** The directory of the volume that is mounted. Default: all of it. */
  subPath?: string;
  /** Nothing can be written to it. */
  readOnly?: boolean;
  /** Whether a reload leaves files that are open at the version they were opened in, or is refused because of them. */
  openFiles?: "kept" | "refused";
}

/**
 * How a commit treats files that are open for writing: a commit somebody asked for takes them as they are at that
 * moment, a background one leaves them for later.
 */
export type CommitKind = "requested" | "background";

/**
 * One volume in one container: an overlay of the version it started from, with a private writable directory on top.
 *
 * A commit renames the writable directory into the layer store and swaps in a mount that has it as its topmost lower
 * layer. No byte is copied, except of files that are open for writing at that moment.
 */
export class MountedVolume implements AsyncDisposable {
  readonly volumeId: string;
  #options: MountedVolumeOptions;
  #shown: ShownDirectory;
  #version: bigint;
  #view: VolumeView;
  #unpublished: UnpublishedLayers;
  #directories = 0;
  /** From a commit that failed to the state before it. Empty, unless that failed, too. */
  #wayBack = new WayBack();
  #turns = new Turns();

  private constructor(options: MountedVolumeOptions, shown: ShownDirectory, view: VolumeView) {
    this.#shown = shown;
    this.volumeId = options.volumeId;
    this.#options = options;
    this.#version = options.head.version;
    this.#view = view;
    this.#unpublished = new UnpublishedLayers(options.layers);
  }

  static async mount(options: MountedVolumeOptions): Promise<MountedVolume> {
    const { layers, head, scratch } = options;
    const shown = await ShownDirectory.locate(layers, head.layerIds, options.subPath ?? "");
    const lower = await shown.lower(head.layerIds);
    await mkdir(options.target, { recursive: true });
    for (const name of ["empty", "void"]) await mkdir(join(scratch, name), { recursive: true });
    const writable = await WritableDirectory.make(join(scratch, "0"));
    await writable.takeOwner(lower, options.covered);
    using overlay = createOverlayFor(options.userNamespace, overlayOptions(options, lower, writable));
    overlay.placeAt(options.target);
    const { layerIds } = head;
    const view = {
      layerIds,
      lower,
      writable,
      device: overlay.device,
      copied: nothingCopied,
      written: new Map(),
    };
    return new MountedVolume(options, shown, view);
  }

  /** Path of the mount on this machine. */
  get target(): string {
    return this.#options.target;
  }

  /** False when nothing was written since the last commit, which is recorded. Costs the reading of one directory. */
  get mayHaveChanges(): boolean {
    const isSettled = this.#turns.isIdle && this.#wayBack.isEmpty && this.#unpublished.ids.length === 0;
    return !isSettled || this.#view.writable.holdsSomething;
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
      if (this.#options.openFiles === "refused" && users) await this.#refuseOpenFiles(users);
      await this.#commit("requested", users, options.signal);
      const head = await this.#options.heads.head(this.volumeId, options);
      await this.#show(head, users, options.signal);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.settled();
    unmount(this.#options.target);
    await this.#options.layers.discard(this.#options.scratch);
  }

  async #commit(
    kind: CommitKind,
    users: VolumeUsers | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    await this.#wayBack.go();
    await this.#publish(signal);
    if (!this.#view.writable.holdsSomething) return undefined;
    await flushFiles(this.#view.writable.upper);
    if (!(await this.#freezeWritten(kind, users))) return undefined;
    const published = await this.#publish(signal);
    if (published === undefined) return undefined;
    // A background commit must not change under the writer what it sees; one that was asked for refreshes the view.
    // Nor can it be refreshed under a process that stands in it.
    if (kind === "requested" && this.#view.copied.layerIds.length === 0)
      await this.#show(published.head, users, signal);
    return published.bytes;
  }

  /** False when there was nothing to freeze. */
  async #freezeWritten(kind: CommitKind, users: VolumeUsers | undefined): Promise<boolean> {
    await using thaw = new AsyncDisposableStack();
    if (users) thaw.use(await users.freeze());
    const open = await this.#openFiles(users);
    const leftOut = kind === "background" ? open.writable : new Set<string>();
    if (open.pinned || users?.mountsCanBeReplaced === false)
      return await this.#copyWritten(leftOut, () => thaw.disposeAsync());
    if (await this.#nothingWrittenBut(leftOut)) return false;
    const { layerIds, copied } = this.#view;
    return await this.#turnOver({ below: [...layerIds, ...copied.layerIds], users, open, leftOut });
  }

  /** Shows a version, on top of which stays what was written and is not in it. */
  async #show(head: VolumeVersion, users: VolumeUsers | undefined, signal: AbortSignal): Promise<void> {
    await this.#wayBack.go();
    this.#version = head.version;
    if (head.layerIds.join() === this.#view.layerIds.join()) return;
    await this.#showNow(head, users);
    await this.#publish(signal);
  }

  async #showNow(head: VolumeVersion, users: VolumeUsers | undefined): Promise<void> {
    await using thaw = new AsyncDisposableStack();
    if (users) thaw.use(await users.freeze());
    const open = await this.#openFiles(users);
    // Written since the commit: by another process, or another input.
    const leftOut = open.writable;
    if (open.pinned) await this.#copyWritten(leftOut, async () => undefined);
    const leave = open.pinned || (await this.#nothingWrittenBut(leftOut));
    const below = [...head.layerIds, ...this.#unpublished.ids];
    await this.#turnOver({ below, users, open, leftOut: leave ? "all" : leftOut });
  }

  /**
   * Makes a layer of the writable directory, as far as it is not left out, and shows it on top of the layers `below`
   * with a new writable directory above. Files that are still being written move on with their writers. All of this
   * happens, or nothing of it: whatever step fails, those before it are taken back. True when a layer was made.
   */
  async #turnOver(turn: TurnOver): Promise<boolean> {
    const { layers, scratch } = this.#options;
    const { below, users, open } = turn;
    const before = this.#view;
    const way = this.#wayBack;
    try {
      this.#directories += 1;
      const directory = join(scratch, String(this.#directories));
      way.add(() => layers.discard(directory));
      const writable = await WritableDirectory.make(directory);
      const written = await moveWritten(before.writable.upper, writable.upper, open.writable, way);
      const frozen =
        turn.leftOut === "all"
          ? undefined
          : await this.#freezeUpper({ writable, written, leftOut: turn.leftOut });
      const layerIds = frozen?.holdsSomething ? [...below, frozen.layerId] : below;
      const lower = await this.#shown.lower(layerIds);
      await writable.takeOwner(lower, this.#options.covered);
      using overlay = createOverlayFor(
        this.#options.userNamespace,
        overlayOptions(this.#options, lower, writable),
      );
      // Whoever stands in the old mount keeps reading it; better an error than a write that nobody will ever see.
      if (open.pinned && users) seal(users.pid, this.#options.mountPath, way);
      if (users) inMountNamespace(users.pid, () => overlay.replaceAt(this.#options.mountPath));
      else overlay.replaceAt(this.#options.target);
      way.forget();
      this.#view = { layerIds, lower, writable, device: overlay.device, copied: nothingCopied, written };
      if (!open.pinned) await layers.discard(before.writable.path);
      if (frozen && !frozen.holdsSomething) await layers.remove(frozen.layerId);
      if (!frozen?.holdsSomething) return false;
      await this.#unpublished.add(frozen);
      return true;
    } catch (error) {
      // What cannot be taken back now is tried again before the next commit.
      await way.go().catch(() => undefined);
      throw error;
    }
  }

  /** Moves the writable directory into the store. Nothing is taken out of it yet: that has no way back. */
  async #freezeUpper(next: {
    writable: WritableDirectory;
    written: ReadonlyMap<string, number>;
    leftOut: ReadonlySet<string>;
  }): Promise<FrozenLayer & { holdsSomething: boolean }> {
    const { layerIds, lower, writable } = this.#view;
    const way = this.#wayBack;
    for (const path of next.written.keys()) {
      if (!next.leftOut.has(path)) await copyBack(next.writable.upper, writable.upper, path);
    }
    const layerId = await this.#shown.adopt(writable.upper, layerIds);
    way.add(() => this.#shown.release(layerId, writable.upper));
    const path = this.#shown.within(this.#options.layers.path(layerId));
    const normalised = await prepareLayer(path, lower);
    way.add(() => normalised.undo());
    const last = this.#lastCopy();
    if (last) await hideMissing(last.path, path, next.leftOut, way);
    const unchanged = last ? await unchangedIn(path, last.identities) : new Set<string>();
    return {
      layerId,
      holdsSomething: !(await holdsOnly(path, unchanged)),
      async finish() {
        await normalised.finish();
        await removeFiles(path, unchanged);
      },
    };
  }

  /**
   * With a process standing in the mount, a swapped mount would leave it behind on the old one, where its writes would
   * be lost. So its view stays, and what it wrote is copied. False when nothing has changed since the last copy.
   */
  async #copyWritten(leftOut: ReadonlySet<string>, whenCopied: () => Promise<void>): Promise<boolean> {
    const { layerIds, lower, writable, copied } = this.#view;
    await using draft = await this.#options.layers.draft();
    const last = this.#lastCopy();
    await this.#shown.makeParents(draft.path, layerIds);
    const to = this.#shown.within(draft.path);
    await mkdir(to, { recursive: true });
    const copy = await copyUpper({ from: writable.upper, to, last, leftOut });
    await whenCopied();
    await normaliseLayer(to, lower);
    const deleted = last !== undefined && (await hideMissing(last.path, to, leftOut, new WayBack()));
    if (!copy.changed && !deleted) return false;
    const layerId = await draft.seal({ durable: false });
    await this.#unpublished.add({ layerId, bytes: copy.bytes, finish: async () => undefined });
    this.#view = {
      ...this.#view,
      copied: { layerIds: [...copied.layerIds, layerId], identities: copy.identities },
    };
    return true;
  }

  #lastCopy(): { path: string; identities: Identities } | undefined {
    const { layerIds, identities } = this.#view.copied;
    const layerId = layerIds.at(-1);
    if (layerId === undefined) return undefined;
    return { path: this.#shown.within(this.#options.layers.path(layerId)), identities };
  }

  /** Records frozen layers in order. Returns the head after the last one, and the bytes of that. */
  #publish(signal: AbortSignal): Promise<{ head: VolumeVersion; bytes: number } | undefined> {
    const { heads, taskId } = this.#options;
    return this.#unpublished.publish(async (layer) => {
      const commit = { volumeId: this.volumeId, taskId, baseVersion: this.#version, ...layer };
      const head = await heads.append(commit, { signal });
      this.#version = head.version;
      return head;
    });
  }

  async #nothingWrittenBut(leftOut: ReadonlySet<string>): Promise<boolean> {
    return this.#view.copied.layerIds.length === 0 && (await holdsOnly(this.#view.writable.upper, leftOut));
  }

  async #openFiles(users: VolumeUsers | undefined): Promise<OpenFiles> {
    if (!users) return { writable: new Set(), pinned: false, any: false };
    const open = await openFilesOf(await users.pids(), this.#view.device);
    // A mount that was swapped away is in no process's mount table any more, and its descriptors lead nowhere.
    const written = await stillWritten(this.#view.writable.upper, this.#view.written);
    this.#view = { ...this.#view, written };
    return {
      ...open,
      any: open.any || written.size > 0,
      writable: new Set([...open.writable, ...written.keys()]),
    };
  }

  async #refuseOpenFiles(users: VolumeUsers): Promise<void> {
    await using _frozen = await users.freeze();
    const open = await this.#openFiles(users);
    // The official clients know this very text, and add to it which file it is.
    if (open.any)
      throw new AppError("VOLUME_FILES_OPEN", "there are open files preventing the operation", {
        remedy: "",
      });
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(() => storing(this.#options.scratch, work));
  }
}

interface TurnOver {
  /** Layers that are shown below what was written. */
  below: string[];
  users: VolumeUsers | undefined;
  open: OpenFiles;
  /** Files that are being written and stay out of the layer, or "all" for no layer. */
  leftOut: ReadonlySet<string> | "all";
}

/** Seals the mount that `pid` sees at `target`. */
function seal(pid: number, target: string, wayBack: WayBack): void {
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

function cannotReload(volumeId: string): AppError {
  return new AppError(
    "VOLUME_RELOAD_UNSUPPORTED",
    `Volume ${volumeId} cannot be reloaded: this container runs in gVisor, which shows a mount as it was at its start.`,
    { remedy: "Containers that start later show the newest version; or run the function with runc." },
  );
}
