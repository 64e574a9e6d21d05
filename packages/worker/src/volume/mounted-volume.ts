import { lstat, mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { sealReadOnly, unmount } from "@dorian/linux/mount";
import type { OverlayOptions } from "@dorian/linux/overlay-options";
import { inMountNamespace } from "@dorian/linux/mount-namespace";
import type { LayerStore } from "@dorian/storage/layer-store";
import { normaliseLayer } from "@dorian/storage/normalise-layer";
import { storing } from "@dorian/storage/storage-error";
import { createOverlayFor, type UserNamespace } from "../user-namespace/user-namespaces.ts";
import { openFilesOf, type OpenFiles } from "./open-files.ts";
import { ShownDirectory } from "./shown-directory.ts";
import { copyUpper, hideMissing, removeUnchanged, type Identities } from "./upper-copy.ts";
import { copyEntry, flushFiles, holdsOnly, likeDirectory, moveFile } from "./upper-directory.ts";
import { stillWritten } from "./written-files.ts";

/** A version of a volume: its number and its layers, lowest first. */
export interface VolumeVersion {
  version: bigint;
  layerIds: string[];
}

/** Where versions are recorded: the control plane. */
export interface VolumeRegistry {
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
  registry: VolumeRegistry;
  head: VolumeVersion;
  /** Of its users. Default: the host's. */
  userNamespace?: UserNamespace | undefined;
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

/** What commits copied: the layers, oldest first, and what the newest of them holds. */
interface Copied {
  layerIds: string[];
  identities: Identities;
}

const nothingCopied: Copied = { layerIds: [], identities: new Map() };

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
  /** What the container sees below its writable directory. */
  #layerIds: string[];
  /** The directories of these layers that are mounted, lowest first. */
  #lower: string[] = [];
  /** Frozen but not yet recorded: the server could not be reached. Oldest first. */
  #unpublished: { layerId: string; bytes: number }[] = [];
  /** Of the overlay that the users see. */
  #device = "";
  #generation = 0;
  /** What commits copied, instead of freezing it, since the mount was last swapped. */
  #copied = nothingCopied;
  /** Files in the writable directory, by path, with the inode that a writer opened through an earlier mount. */
  #written: ReadonlyMap<string, number> = new Map();
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(options: MountedVolumeOptions, shown: ShownDirectory) {
    this.#shown = shown;
    this.volumeId = options.volumeId;
    this.#options = options;
    this.#version = options.head.version;
    this.#layerIds = options.head.layerIds;
  }

  static async mount(options: MountedVolumeOptions): Promise<MountedVolume> {
    const { layers, head, scratch } = options;
    const shown = await ShownDirectory.find(layers, head.layerIds, options.subPath ?? "");
    const volume = new MountedVolume(options, shown);
    await mkdir(options.target, { recursive: true });
    for (const name of ["empty", "void"]) await mkdir(join(scratch, name), { recursive: true });
    await volume.#setLayers(head.layerIds);
    await volume.#makeWritable();
    using overlay = createOverlayFor(options.userNamespace, volume.#overlay());
    overlay.placeAt(options.target);
    volume.#device = overlay.device;
    return volume;
  }

  /** Path of the mount on this machine. */
  get target(): string {
    return this.#options.target;
  }

  /**
   * Makes what was written so far the volume's next version. Returns the bytes of the new layer, or undefined when
   * there was nothing to commit.
   *
   * @throws AppError when the layer cannot be stored or recorded; what was written stays in the container and the next
   * commit takes it along.
   */
  commit(
    kind: CommitKind,
    users: VolumeUsers | undefined,
    options: { signal: AbortSignal },
  ): Promise<number | undefined> {
    return this.#exclusively(() => this.#commit(kind, users, options.signal));
  }

  /** True when something was written since the last commit. */
  async hasChanges(): Promise<boolean> {
    return (await readdir(this.#upper)).length > 0;
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
      const head = await this.#options.registry.head(this.volumeId, options);
      await this.#show(head, users);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exclusively(async () => {
      unmount(this.#options.target);
      await this.#options.layers.discard(this.#options.scratch);
    });
  }

  async #commit(
    kind: CommitKind,
    users: VolumeUsers | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    await this.#publish(signal);
    if ((await readdir(this.#upper)).length === 0) return undefined;
    await flushFiles(this.#upper);
    const frozen = await this.#freezeWritable(kind, users);
    if (frozen === undefined) return undefined;
    this.#unpublished.push(frozen);
    const head = await this.#publish(signal);
    // A background commit must not change under the writer what it sees; one that was asked for refreshes the view.
    // Nor can it be refreshed under a process that stands in it.
    if (kind === "requested" && head !== undefined && this.#copied.layerIds.length === 0)
      await this.#show(head, users);
    return frozen.bytes;
  }

  async #freezeWritable(
    kind: CommitKind,
    users: VolumeUsers | undefined,
  ): Promise<{ layerId: string; bytes: number } | undefined> {
    const { layers } = this.#options;
    await using thaw = new AsyncDisposableStack();
    if (users) thaw.use(await users.freeze());
    const open = await this.#openFiles(users);
    const leftOut = kind === "background" ? open.writable : new Set<string>();
    if (open.pinned || users?.mountsCanBeReplaced === false) return this.#copyWritable(leftOut, thaw);
    if (this.#copied.layerIds.length === 0 && (await holdsOnly(this.#upper, leftOut))) return undefined;

    const old = this.#upper;
    const layerId = await this.#freezeUpper(open.writable, leftOut);
    const added = layerId === undefined ? [] : [layerId];
    await this.#setLayers([...this.#layerIds, ...this.#copied.layerIds, ...added]);
    this.#copied = nothingCopied;
    this.#swap(users);
    await thaw.disposeAsync();
    await layers.discard(join(old, ".."));
    return layerId === undefined ? undefined : { layerId, bytes: await layers.sizeOf(layerId) };
  }

  /**
   * Makes a layer of the writable directory and goes on with a new one. Files that are still being written move on with
   * their writers, and a copy stays behind unless the commit leaves them out. A failure, such as a full disk, puts
   * everything back.
   */
  async #freezeUpper(
    writable: ReadonlySet<string>,
    leftOut: ReadonlySet<string>,
  ): Promise<string | undefined> {
    const old = this.#upper;
    const written = this.#written;
    await this.#makeWritable();
    try {
      await this.#moveWritten(old, writable);
      for (const path of this.#written.keys()) {
        if (!leftOut.has(path)) await copyEntry(this.#upper, old, path);
      }
      await normaliseLayer(old, this.#lower);
      const last = this.#lastCopy();
      if (last) {
        await hideMissing(last.path, old, leftOut);
        await removeUnchanged(old, last.identities);
      }
      return (await holdsOnly(old, new Set())) ? undefined : await this.#shown.adopt(old, this.#layerIds);
    } catch (error) {
      for (const path of this.#written.keys()) await rename(join(this.#upper, path), join(old, path));
      await this.#options.layers.discard(join(this.#upper, ".."));
      this.#generation -= 1;
      this.#written = written;
      throw error;
    }
  }

  /** Takes files that are being written along to the present writable directory. */
  async #moveWritten(old: string, writable: ReadonlySet<string>): Promise<void> {
    const written = new Map<string, number>();
    this.#written = written;
    for (const path of writable) {
      if (await moveFile(old, this.#upper, path)) {
        written.set(path, (await lstat(join(this.#upper, path))).ino);
      }
    }
  }

  /**
   * With a process standing in the mount, a swapped mount would leave it behind on the old one, where its writes would
   * be lost. So its view stays, and what it wrote is copied.
   */
  async #copyWritable(
    leftOut: ReadonlySet<string>,
    thaw: AsyncDisposableStack,
  ): Promise<{ layerId: string; bytes: number } | undefined> {
    await using draft = await this.#options.layers.draft();
    const last = this.#lastCopy();
    await this.#shown.makeParents(draft.path, this.#layerIds);
    const to = this.#shown.within(draft.path);
    await mkdir(to, { recursive: true });
    const copy = await copyUpper({ from: this.#upper, to, last, leftOut });
    await thaw.disposeAsync();
    await normaliseLayer(to, this.#lower);
    const deleted = last !== undefined && (await hideMissing(last.path, to, leftOut));
    if (!copy.changed && !deleted) return undefined;
    const layerId = await draft.seal({ durable: false });
    this.#copied = { layerIds: [...this.#copied.layerIds, layerId], identities: copy.identities };
    return { layerId, bytes: copy.bytes };
  }

  #lastCopy(): { path: string; identities: Identities } | undefined {
    const layerId = this.#copied.layerIds.at(-1);
    if (layerId === undefined) return undefined;
    const path = this.#shown.within(this.#options.layers.path(layerId));
    return { path, identities: this.#copied.identities };
  }

  /** Records frozen layers in order. Returns the head after the last one. */
  async #publish(signal: AbortSignal): Promise<VolumeVersion | undefined> {
    const { layers, registry, taskId } = this.#options;
    let head: VolumeVersion | undefined;
    for (let next = this.#unpublished[0]; next !== undefined; next = this.#unpublished[0]) {
      await layers.makeDurable(next.layerId, { forVolume: true });
      head = await registry.append(
        { volumeId: this.volumeId, taskId, baseVersion: this.#version, ...next },
        { signal },
      );
      this.#version = head.version;
      this.#unpublished.shift();
    }
    return head;
  }

  async #show(head: VolumeVersion, users: VolumeUsers | undefined): Promise<void> {
    this.#version = head.version;
    if (head.layerIds.join() === this.#layerIds.join()) return;
    await using thaw = new AsyncDisposableStack();
    if (users) thaw.use(await users.freeze());
    const open = await this.#openFiles(users);
    const old = this.#upper;
    await this.#makeWritable();
    await this.#moveWritten(old, open.writable);
    await this.#setLayers(head.layerIds);
    this.#copied = nothingCopied;
    // Whoever stands in the old mount keeps reading it; better an error than a write that nobody will ever see.
    if (open.pinned && users) inMountNamespace(users.pid, () => sealReadOnly(this.#options.mountPath));
    this.#swap(users);
  }

  #swap(users: VolumeUsers | undefined): void {
    using overlay = createOverlayFor(this.#options.userNamespace, this.#overlay());
    if (users) inMountNamespace(users.pid, () => overlay.replaceAt(this.#options.mountPath));
    else overlay.replaceAt(this.#options.target);
    this.#device = overlay.device;
  }

  async #openFiles(users: VolumeUsers | undefined): Promise<OpenFiles> {
    if (!users) return { writable: new Set(), pinned: false, any: false };
    const open = await openFilesOf(await users.pids(), this.#device);
    // A mount that was swapped away is in no process's mount table any more, and its descriptors lead nowhere.
    this.#written = await stillWritten(this.#upper, this.#written);
    return {
      ...open,
      any: open.any || this.#written.size > 0,
      writable: new Set([...open.writable, ...this.#written.keys()]),
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

  get #upper(): string {
    return join(this.#options.scratch, String(this.#generation), "upper");
  }

  async #setLayers(layerIds: string[]): Promise<void> {
    this.#lower = await this.#shown.lower(layerIds);
    this.#layerIds = layerIds;
  }

  async #makeWritable(): Promise<void> {
    this.#generation += 1;
    await mkdir(this.#upper, { recursive: true });
    await mkdir(join(this.#upper, "..", "work"), { recursive: true });
    // The topmost directory's mode and owner are what the volume's root shows.
    const top = this.#lower.at(-1);
    if (top !== undefined) await likeDirectory(top, this.#upper);
  }

  #overlay(): OverlayOptions {
    const { scratch, readOnly } = this.#options;
    // An overlay needs at least one lower directory, or two when nothing can be written, and an empty volume has none.
    if (readOnly) return { lower: [join(scratch, "void"), join(scratch, "empty"), ...this.#lower] };
    return {
      lower: [join(scratch, "empty"), ...this.#lower],
      upper: this.#upper,
      work: join(this.#upper, "..", "work"),
      redirectDirectories: true,
    };
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(() => storing(this.#options.scratch, work));
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function cannotReload(volumeId: string): AppError {
  return new AppError(
    "VOLUME_RELOAD_UNSUPPORTED",
    `Volume ${volumeId} cannot be reloaded: this container runs in gVisor, which shows a mount as it was at its start.`,
    { remedy: "Containers that start later show the newest version; or run the function with runc." },
  );
}
