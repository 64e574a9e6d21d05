import { AppError, explanationOf } from "@dorian/base/app-error";
import { must } from "@dorian/base/must";
import { GenericResult_GenericStatus, type GenericResult } from "@dorian/protocol/modal";
import type { TaskVolume } from "@dorian/protocol/worker";
import type { LayerStore } from "@dorian/storage/layer-store";
import { join } from "node:path";
import type { ContainerMount } from "../container/container-spec.ts";
import type { Container } from "../container/runtime.ts";
import type { DirectoryOwner } from "../volume/covered-directories.ts";
import { commitInBackground } from "../volume/background-commits.ts";
import { notCommitted, patiently } from "../volume/patient-commit.ts";
import { MountedVolume, type VolumeHeads } from "../volume/mounted-volume.ts";
import type { UserNamespace } from "../user-namespace/user-namespaces.ts";
import { officialMountPath, type VolumeLink } from "../volume/volume-links.ts";
import { failureOf } from "../gateway/platform-failure.ts";

export interface TaskVolumesOptions {
  taskId: string;
  volumes: readonly TaskVolume[];
  /**
   * As the official clients expect it: mounted at a place of their own, to which the chosen paths are links; a reload
   * is refused while files are open, and what was written is committed however the container ends.
   */
  official: boolean;
  layers: LayerStore;
  heads: VolumeHeads;
  /** The container's. Default: the host's. */
  userNamespace: UserNamespace | undefined;
  /** What they are mounted over, by mount path. */
  covered: ReadonlyMap<string, DirectoryOwner>;
  /** Where they are first mounted, one directory each. */
  directory: string;
  /** Private directory on the file system of the layer store. */
  scratch: string;
  /** Receives lines for the container's log. */
  note: (text: string) => void;
}

/** Longest time in milliseconds for the commits that follow a container's end. */
const lastCommitLimitMs = 120_000;

interface Mounted {
  request: TaskVolume;
  volume: MountedVolume;
}

/** The volumes of one container: mounted, committed as their flags say, shown anew. */
export class TaskVolumes implements AsyncDisposable {
  #options: TaskVolumesOptions;
  #mounted: Mounted[] = [];
  /** Why the last commit in the background failed. */
  #noted = new Map<MountedVolume, string>();

  private constructor(options: TaskVolumesOptions) {
    this.#options = options;
  }

  static async mount(options: TaskVolumesOptions): Promise<TaskVolumes> {
    const { taskId, layers, heads } = options;
    await using mounting = new AsyncDisposableStack();
    const volumes = mounting.use(new TaskVolumes(options));
    for (const [index, request] of options.volumes.entries()) {
      const head = must(request.head, "the volume's version");
      const volume = await MountedVolume.mount({
        volumeId: request.volumeId,
        taskId,
        target: join(options.directory, String(index)),
        mountPath: mountPathOf(request, options),
        subPath: request.subPath,
        readOnly: request.readOnly,
        userNamespace: options.userNamespace,
        covered: options.covered.get(request.mountPath),
        openFiles: options.official ? "refused" : "kept",
        scratch: join(options.scratch, `volume-${index}`),
        layers,
        heads,
        head: { version: head.version, layerIds: head.layerIds },
      });
      volumes.#mounted.push({ request, volume });
    }
    mounting.move();
    return volumes;
  }

  get mounts(): ContainerMount[] {
    return this.#mounted.map(({ request, volume }) => ({
      source: volume.target,
      target: mountPathOf(request, this.#options),
      readOnly: request.readOnly,
    }));
  }

  /** Makes what the container wrote to a volume its next version. @throws AppError VOLUME_NOT_MOUNTED, VOLUME_READ_ONLY */
  async commit(volumeId: string, users: Container | undefined, signal: AbortSignal): Promise<void> {
    const { request, volume } = this.#require(volumeId, "commit");
    if (request.readOnly) {
      // The official clients commit at the container's end whatever they mount.
      if (this.#options.official) return;
      throw new AppError(
        "VOLUME_READ_ONLY",
        `Cannot commit volume ${volumeId}: this container mounts it read-only.`,
        { remedy: "Mount it writable in the function that changes it." },
      );
    }
    await volume.commit("requested", users, { signal });
  }

  /** Shows a volume's newest version. @throws AppError VOLUME_NOT_MOUNTED */
  async reload(volumeId: string, users: Container | undefined, signal: AbortSignal): Promise<void> {
    await this.#require(volumeId, "reload").volume.reload(users, { signal });
  }

  /** Commits what may be committed unasked, every `intervalMs`, until `signal` aborts. */
  commitInBackground(users: Container, options: { intervalMs: number; signal: AbortSignal }): Promise<void> {
    return commitInBackground({
      volumes: this.#unasked.map(({ volume }) => volume),
      users,
      onError: (volume, error) => this.#noteFailure(volume, explanationOf(error)),
      ...options,
    });
  }

  /**
   * What the container wrote by the time it answers: who has the answer finds it. Undefined when there is nothing to
   * commit, which is found out by reading one directory for each volume.
   *
   * @throws AppError VOLUME_NOT_COMMITTED; what was written stays for the next commit
   */
  commitWritten(users: () => Promise<Container | undefined>, signal: AbortSignal): Promise<void> | undefined {
    const written = this.#unasked.filter(({ volume }) => volume.mayHaveChanges);
    return written.length === 0 ? undefined : this.#commitWritten(written, users, signal);
  }

  async #commitWritten(
    written: readonly Mounted[],
    users: () => Promise<Container | undefined>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const { request, volume } of written) {
      const commit = async () => volume.commit("background", await users(), { signal });
      await patiently(commit, signal, (error) => this.#noteFailure(volume, explanationOf(error))).catch(
        (error: unknown) => {
          signal.throwIfAborted();
          throw notCommitted(request.mountPath, error);
        },
      );
    }
  }

  /** What may be committed unasked, once. Returns what failed of it. */
  async commitAll(
    kind: "requested" | "background",
    users: Container | undefined,
  ): Promise<GenericResult | undefined> {
    const signal = AbortSignal.timeout(lastCommitLimitMs);
    const failures: GenericResult[] = [];
    for (const { request, volume } of this.#unasked) {
      try {
        const commit = () => volume.commit(kind, users, { signal });
        // A container that still runs is about to be ended, and its end does not wait.
        await (users ? commit() : patiently(commit, signal));
      } catch (error) {
        const failure = failureOf(error);
        failure.status = GenericResult_GenericStatus.INTERNAL_FAILURE;
        failure.exception = `The last commit of the volume at ${request.mountPath} failed: ${failure.exception}`;
        failures.push(failure);
      }
    }
    const [first] = failures;
    if (first) first.exception = failures.map((failure) => failure.exception).join("\n");
    return first;
  }

  /**
   * After a clean exit all that was written is committed. After a crash half-written files may be among it: nothing is,
   * but for official clients, whose users count on it.
   */
  async finish(clean: boolean): Promise<GenericResult | undefined> {
    if (clean || this.#options.official) return this.commitAll("requested", undefined);
    for (const { volume } of this.#mounted) {
      if (volume.mayHaveChanges) {
        this.#options.note(
          `Volume ${volume.volumeId}: what was not committed before the container ended is dropped.`,
        );
      }
    }
    return undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    for (const { volume } of this.#mounted) stack.use(volume);
  }

  get #unasked() {
    return this.#mounted.filter(({ request }) => request.backgroundCommits && !request.readOnly);
  }

  #require(volumeId: string, verb: "commit" | "reload") {
    const found = this.#mounted.find(({ request }) => request.volumeId === volumeId);
    if (found) return found;
    throw new AppError(
      "VOLUME_NOT_MOUNTED",
      `Cannot ${verb} volume ${volumeId}: this container does not mount it.`,
      { status: "NOT_FOUND", remedy: "Add it to `volumes` of the function or class." },
    );
  }

  /** Says once what fails again at every turn. */
  #noteFailure(volume: MountedVolume, reason: string): void {
    if (this.#noted.get(volume) === reason) return;
    this.#noted.set(volume, reason);
    this.#options.note(`Commit of volume ${volume.volumeId} failed: ${reason} It is tried again.`);
  }
}

/** Lists the links to volumes that are to be made in the container's root file system. */
export function volumeLinks(volumes: readonly TaskVolume[], options: { official: boolean }): VolumeLink[] {
  if (!options.official) return [];
  return volumes.map((request) => ({ path: request.mountPath, target: mountPathOf(request, options) }));
}

function mountPathOf(request: TaskVolume, { official }: { official: boolean }): string {
  return official ? officialMountPath(request.volumeId) : request.mountPath;
}
