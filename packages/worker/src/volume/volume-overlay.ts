import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { WayBack } from "@dorian/base/way-back";
import { unmount } from "@dorian/linux/mount";
import { inMountNamespace } from "@dorian/linux/mount-namespace";
import type { LayerStore } from "@dorian/storage/layer-store";
import { normaliseLayer, prepareLayer } from "@dorian/storage/normalise-layer";
import { createOverlayFor, type UserNamespace } from "../user-namespace/user-namespaces.ts";
import type { DirectoryOwner } from "./covered-directories.ts";
import type { FrozenLayer, FrozenLayers } from "./frozen-layers.ts";
import { copyBack, moveWritten } from "./move-written.ts";
import { openFilesOf, type OpenFiles } from "./open-files.ts";
import { ShownDirectory } from "./shown-directory.ts";
import { copyUpper, hideMissing, removeFiles, unchangedIn, type Identities } from "./upper-copy.ts";
import { flushFiles, holdsOnly } from "./upper-directory.ts";
import { seal, type VolumeUsers } from "./volume-users.ts";
import type { VolumeVersion } from "./volume-version.ts";
import { nothingCopied, overlayOptions, type VolumeView } from "./volume-view.ts";
import { WritableDirectory } from "./writable-directory.ts";
import { stillWritten } from "./written-files.ts";

/**
 * How a commit treats files that are open for writing: a commit somebody asked for takes them as they are at that
 * moment, a background one leaves them for later.
 */
export type CommitKind = "requested" | "background";

export interface VolumeOverlayOptions {
  /** Directory where the volume is first mounted. */
  target: string;
  /** Where its users see it. */
  mountPath: string;
  /** Private directory on the file system of the layer store. */
  scratch: string;
  layers: LayerStore;
  head: VolumeVersion;
  /** User ids that its users have. Default: the host's. */
  userNamespace?: UserNamespace | undefined;
  /** The directory that it is mounted over: a volume that has nothing yet belongs to the same user. */
  covered?: DirectoryOwner | undefined;
  /** The directory of the volume that is mounted. Default: all of it. */
  subPath?: string;
  /** Nothing can be written to it. */
  readOnly?: boolean;
}

/**
 * The overlay through which one container sees a volume: layers of a version, a private writable directory on top. What was
 * written is made a layer by a turn-over: a new overlay takes this one's place, with the layer below a new writable directory.
 */
export class VolumeOverlay implements AsyncDisposable {
  #options: VolumeOverlayOptions;
  #shown: ShownDirectory;
  #view: VolumeView;
  #frozen: FrozenLayers;
  #directories = 0;
  /** From a turn-over that failed to the state before it. Empty, unless that failed, too. */
  #wayBack = new WayBack();

  private constructor(
    options: VolumeOverlayOptions,
    frozen: FrozenLayers,
    shown: ShownDirectory,
    view: VolumeView,
  ) {
    this.#options = options;
    this.#frozen = frozen;
    this.#shown = shown;
    this.#view = view;
  }

  /** `frozen` takes the layers that it comes to. */
  static async open(options: VolumeOverlayOptions, frozen: FrozenLayers): Promise<VolumeOverlay> {
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
    return new VolumeOverlay(options, frozen, shown, view);
  }

  /** Layers of the version that it shows, and of what was frozen on it since. */
  get layerIds(): readonly string[] {
    return this.#view.layerIds;
  }

  get holdsSomething(): boolean {
    return this.#view.writable.holdsSomething;
  }

  /** No turn-over is left half undone. */
  get isSettled(): boolean {
    return this.#wayBack.isEmpty;
  }

  /** Whether what was written had to be copied, since somebody stands in the mount: it cannot be refreshed under them. */
  get hasCopies(): boolean {
    return this.#view.copied.layerIds.length > 0;
  }

  /** Takes back what is left of a turn-over that failed. */
  async settle(): Promise<void> {
    await this.#wayBack.go();
  }

  /** Brings to the disk what was written. */
  async flush(): Promise<void> {
    await flushFiles(this.#view.writable.upper);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    unmount(this.#options.target);
    await this.#options.layers.discard(this.#options.scratch);
  }

  /** Makes a layer of what was written, which waits in `frozen` then. False when there was nothing. */
  async freeze(kind: CommitKind, users: VolumeUsers | undefined): Promise<boolean> {
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
  async show({ layerIds }: VolumeVersion, users: VolumeUsers | undefined): Promise<void> {
    await using thaw = new AsyncDisposableStack();
    if (users) thaw.use(await users.freeze());
    const open = await this.#openFiles(users);
    // Written since the commit: by another process, or another input.
    const leftOut = open.writable;
    if (open.pinned) await this.#copyWritten(leftOut, async () => undefined);
    const leave = open.pinned || (await this.#nothingWrittenBut(leftOut));
    const below = [...layerIds, ...this.#frozen.ids];
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
      await this.#frozen.add(frozen);
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
    await this.#frozen.add({ layerId, bytes: copy.bytes, finish: async () => undefined });
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

  /** @throws AppError VOLUME_FILES_OPEN */
  async refuseOpenFiles(users: VolumeUsers): Promise<void> {
    await using _frozen = await users.freeze();
    const open = await this.#openFiles(users);
    // The official clients know this very text, and add to it which file it is.
    if (open.any)
      throw new AppError("VOLUME_FILES_OPEN", "there are open files preventing the operation", {
        remedy: "",
      });
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
