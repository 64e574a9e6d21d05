import { chownSync } from "node:fs";
import { mkdir, rmdir } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { removeTree } from "@dorian/linux/remove-tree";
import { asFileOwner } from "@dorian/linux/file-owner";
import { mountIdMapped } from "@dorian/linux/id-mapped-mount";
import { createOverlay, type OpenOverlay, unmount } from "@dorian/linux/mount";
import type { OverlayOptions } from "@dorian/linux/overlay-options";
import { createUserNamespace, type IdRange } from "@dorian/linux/user-namespace";
import { runtimeRoot } from "../machine/worker-directories.ts";
import { type IdRangeKind, takeIdRange } from "./id-ranges.ts";

/** Milliseconds until a spare one is made: not while a container starts, from which it would take the processor. */
const refillDelayMs = 300;

/** Shared by all workers of the machine: no two containers have the same ids. */
const locksDirectory = join(runtimeRoot, "id-ranges");

export interface UserNamespacesOptions {
  /** Eight hex digits that tell the workers of one machine apart. */
  instance: string;
  runtimeDirectory: string;
  /** Holds all that containers' file systems are made of. */
  dataDirectory: string;
  locksDirectory?: string;
}

/** Makes user namespaces for containers, and keeps one ready for the next that has no network to bring one along. */
export class UserNamespaces implements AsyncDisposable {
  #options: UserNamespacesOptions;
  #next: number;
  #made = 0;
  #spare: Promise<UserNamespace> | undefined;
  #spareTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: UserNamespacesOptions) {
    this.#options = options;
    // Workers begin at different places, so that they seldom meet.
    this.#next = Number.parseInt(options.instance, 16);
  }

  /** The one that is ready, else a new one. */
  async take(): Promise<UserNamespace> {
    const spare = this.#spare;
    this.#spare = undefined;
    clearTimeout(this.#spareTimer);
    if (!this.#closed) this.#spareTimer = setTimeout(() => this.prepare(), refillDelayMs).unref();
    return (await spare?.catch(() => undefined)) ?? this.create();
  }

  /** Makes one ready. A failure shows when one is made on demand. */
  prepare(): void {
    if (this.#closed) return;
    this.#spare ??= this.create();
    this.#spare.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#spareTimer);
    await (await this.#spare?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** Makes a user namespace; with `networkPath`, a new file, also a network namespace that belongs to it. */
  async create(networkPath?: string, kind: IdRangeKind = "container"): Promise<UserNamespace> {
    const { runtimeDirectory, dataDirectory } = this.#options;
    await using resources = new AsyncDisposableStack();
    const locks = this.#options.locksDirectory ?? locksDirectory;
    const ids = resources.use(takeIdRange(locks, this.#next++, kind));
    const directory = join(runtimeDirectory, "users", String(this.#made++));
    const path = join(directory, "namespace");
    const view = join(directory, "data");
    resources.defer(async () => {
      unmount(view);
      unmount(path);
      // Never what is in them: a view that is still mounted is the data directory.
      await rmdir(view);
      await removeTree(path);
      await rmdir(directory);
    });
    await mkdir(view, { recursive: true, mode: 0o700 });
    await createUserNamespace({ path, ids, ...(networkPath !== undefined && { networkPath }) });
    mountIdMapped(dataDirectory, view, path);
    return new UserNamespace({ path, ids, dataDirectory, view, resources: resources.move() });
  }
}

/**
 * A container's own user ids: its root is nobody on the host. What belongs to root on disk is shown to it as root's, so
 * layers are stored as ever and are the same for all containers.
 */
export class UserNamespace implements AsyncDisposable {
  /** File at which it is mounted. */
  readonly path: string;
  readonly ids: IdRange;
  #dataDirectory: string;
  /** Where the data directory is seen with shifted owners. */
  #view: string;
  #resources: AsyncDisposableStack;

  constructor(parts: {
    path: string;
    ids: IdRange;
    dataDirectory: string;
    view: string;
    resources: AsyncDisposableStack;
  }) {
    this.path = parts.path;
    this.ids = parts.ids;
    this.#dataDirectory = parts.dataDirectory;
    this.#view = parts.view;
    this.#resources = parts.resources;
  }

  /** An overlay of directories in the data directory, for a container of this namespace. */
  createOverlay(options: OverlayOptions): OpenOverlay {
    const { lower, upper, work, ...rest } = options;
    const shifted: OverlayOptions = {
      ...rest,
      lower: lower.map((directory) => this.#shifted(directory)),
      ...(upper !== undefined && { upper: this.#shifted(upper) }),
      ...(work !== undefined && { work: this.#shifted(work) }),
    };
    // The overlay makes files of its own as whoever mounted it, who must be somebody on the shifted file system.
    return asFileOwner(this.ids.first, () => createOverlay(shifted));
  }

  /** Where what is at `path` has owners as a container of this namespace needs them. Outside of the data directory: there. */
  pathFor(path: string): string {
    return this.#isInData(path) ? this.#shifted(path) : path;
  }

  /** @throws AppError USER_OUT_OF_RANGE for a user of an image that it has no id for */
  requireIds({ uid, gid, groups = [] }: { uid: number; gid: number; groups?: number[] }): void {
    const { size } = this.ids;
    if ([uid, gid, ...groups].every((id) => id < size)) return;
    throw new AppError(
      "USER_OUT_OF_RANGE",
      `The image's USER is ${uid}:${gid}; containers have ids below ${size}.`,
      {
        remedy: "Choose a lower id in the image, or start the worker with --user-namespaces off.",
      },
    );
  }

  /** Gives a file of the host to the container's root. */
  giveToRoot(path: string): void {
    chownSync(path, this.ids.first, this.ids.first);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }

  #isInData(path: string): boolean {
    const below = relative(this.#dataDirectory, path);
    return !below.startsWith("..") && !isAbsolute(below);
  }

  #shifted(path: string): string {
    if (!this.#isInData(path))
      throw new Error(`Bug: ${path} is not in the data directory ${this.#dataDirectory}.`);
    return join(this.#view, relative(this.#dataDirectory, path));
  }
}

/** An overlay for a container of `userNamespace`, or of the host's own. */
export function createOverlayFor(
  userNamespace: UserNamespace | undefined,
  options: OverlayOptions,
): OpenOverlay {
  return userNamespace ? userNamespace.createOverlay(options) : createOverlay(options);
}
