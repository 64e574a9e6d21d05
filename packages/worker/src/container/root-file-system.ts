import { lstat, mkdir, readdir, readlink, rmdir, unlink } from "node:fs/promises";
import type { Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { OpenDirectory } from "@dorian/linux/open-directory";
import type { OverlayOptions } from "@dorian/linux/overlay-options";
import { unlessAbsent } from "@dorian/base/unless-absent";
import type { LayerStore } from "@dorian/storage/layer-store";
import { createOverlayFor, type UserNamespace } from "../user-namespace/user-namespaces.ts";
import { isVolumeLink } from "../volume/volume-links.ts";

export interface RootFileSystemOptions {
  /** Directories, lowest first. */
  lower: string[];
  target: string;
  scratch: string;
  /** Takes a directory out of the way for good. */
  discard: (path: string) => Promise<void>;
  /** User ids that the container has. Default: the host's. */
  userNamespace?: UserNamespace | undefined;
  /** Makes what the container finds in it, where `path` is its root, and owners are as on disk. */
  prepare?: (path: string) => Promise<void>;
}

/** Directories that a container's start makes when a root file system lacks them, or writes to. */
export const startDirectories = ["/proc", "/sys", "/dev", "/run", "/etc"];

/** A container's root: read-only layers with a private writable directory on top, which vanishes with the container. */
export class RootFileSystem implements AsyncDisposable {
  readonly path: string;
  readonly upper: string;
  #scratch: string;
  #lower: string[];
  #userNamespace: UserNamespace | undefined;
  #discard: (path: string) => Promise<void>;

  private constructor(options: RootFileSystemOptions) {
    this.path = options.target;
    this.upper = join(options.scratch, "upper");
    this.#scratch = options.scratch;
    this.#lower = options.lower;
    this.#userNamespace = options.userNamespace;
    this.#discard = options.discard;
  }

  static async mount(options: RootFileSystemOptions): Promise<RootFileSystem> {
    const root = new RootFileSystem(options);
    const work = join(options.scratch, "work");
    await Promise.all([root.upper, work, options.target].map((path) => mkdir(path, { recursive: true })));
    const { target, userNamespace, prepare } = options;
    if (prepare) {
      mountOverlay(target, root.#overlay);
      try {
        await prepare(target);
      } catch (error) {
        unmount(target);
        throw error;
      }
      if (!userNamespace) return root;
      unmount(target);
    }
    using shown = createOverlayFor(userNamespace, root.#overlay);
    shown.placeAt(target);
    return root;
  }

  /** Mounts it anew for a container of another user namespace, or with owners as they are on disk. Nobody may be using it. */
  showTo(userNamespace: UserNamespace | undefined): void {
    if (userNamespace === this.#userNamespace) return;
    unmount(this.path);
    using shown = createOverlayFor(userNamespace, this.#overlay);
    shown.placeAt(this.path);
    this.#userNamespace = userNamespace;
  }

  /**
   * Makes what was written a layer, leaving out the empty files and directories that stood in for mounts. Undefined when
   * nothing was written. The file system is unmounted by this; `clean` may remove files of what was written then.
   */
  async freeze(
    layers: LayerStore,
    mountTargets: string[],
    clean?: (upper: string) => Promise<void>,
  ): Promise<string | undefined> {
    unmount(this.path);
    await clean?.(this.upper);
    for (const target of mountTargets) await this.#removePlaceholder(target);
    if ((await readdir(this.upper)).length === 0) return undefined;
    await layers.shareLargeFiles(this.upper);
    return layers.adopt(this.upper, { durable: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    unmount(this.path);
    await this.#discard(this.#scratch);
  }

  get #overlay(): OverlayOptions {
    return { lower: this.#lower, upper: this.upper, work: join(this.#scratch, "work") };
  }

  /** A link on the way to it was put there by the container: what is behind it stood in for nothing. */
  async #removePlaceholder(target: string): Promise<void> {
    using upper = OpenDirectory.open(this.upper);
    using parent = upper.tryDirectory(`.${dirname(target)}`);
    const path = parent?.at(basename(target));
    if (path === undefined) return;
    try {
      const stats = await lstat(path);
      if (stats.isDirectory()) {
        const below = await this.#inLower(target);
        if (below?.isDirectory() && !hasSameRights(below, stats)) return;
        await rmdir(path);
      } else if (stats.isSymbolicLink() && isVolumeLink(await readlink(path))) await unlink(path);
      else if (stats.isFile() && stats.size === 0 && (await this.#inLower(target)) === undefined)
        await unlink(path);
      else return;
    } catch (error) {
      // Absent: an image had the mount point. Not empty: the image's user wrote there before it was a mount point.
      if (["ENOENT", "ENOTEMPTY"].includes(errnoOf(error) ?? "")) return;
      throw error;
    }
    const above = dirname(target);
    if (above !== "/" && (await this.#inLower(above)) === undefined) await this.#removePlaceholder(above);
  }

  async #inLower(path: string): Promise<Stats | undefined> {
    for (const layer of this.#lower.toReversed()) {
      using root = OpenDirectory.open(layer);
      using parent = root.tryDirectory(`.${dirname(path)}`);
      const found = parent && (await unlessAbsent(lstat(parent.at(basename(path)))));
      if (found) return found;
    }
    return undefined;
  }
}

function hasSameRights(one: Stats, other: Stats): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}
