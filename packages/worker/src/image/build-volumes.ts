import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { must } from "@dorian/base/must";
import type { TaskVolume } from "@dorian/protocol/worker";
import type { LayerStore } from "@dorian/storage/layer-store";
import type { ContainerMount } from "../container/container-spec.ts";
import type { UserNamespace } from "../user-namespace/user-namespaces.ts";
import type { DirectoryOwner } from "../volume/covered-directories.ts";
import { MountedVolume, type VolumeHeads } from "../volume/mounted-volume.ts";

export interface BuildVolumesOptions {
  buildId: string;
  layers: LayerStore;
  heads: VolumeHeads;
  /** For mount points. */
  directory: string;
  /** For what is written; on the file system of the layer store. */
  scratch: string;
  /** User ids that the steps have which see them. Default: the host's. */
  userNamespace: UserNamespace | undefined;
  /** What the first step's root file system has at their places, by mount path. */
  covered: ReadonlyMap<string, DirectoryOwner>;
}

/** The volumes of one build: its RUN steps see them, and what they write there is no part of the image. */
export class BuildVolumes implements AsyncDisposable {
  #mounted: { request: TaskVolume; volume: MountedVolume }[] = [];
  #resources = new AsyncDisposableStack();

  private constructor() {}

  static async mount(requests: readonly TaskVolume[], options: BuildVolumesOptions): Promise<BuildVolumes> {
    const volumes = new BuildVolumes();
    await using failed = new AsyncDisposableStack();
    failed.use(volumes);
    for (const [index, request] of requests.entries()) {
      const head = must(request.head, "the volume's version");
      const target = join(options.directory, "volumes", String(index));
      await mkdir(target, { recursive: true });
      const volume = await MountedVolume.mount({
        volumeId: request.volumeId,
        taskId: options.buildId,
        target,
        mountPath: target,
        subPath: request.subPath,
        readOnly: request.readOnly,
        userNamespace: options.userNamespace,
        covered: options.covered.get(request.mountPath),
        scratch: join(options.scratch, `volume-${index}`),
        layers: options.layers,
        heads: options.heads,
        head: { version: head.version, layerIds: head.layerIds },
      });
      volumes.#mounted.push({ request, volume: volumes.#resources.use(volume) });
    }
    failed.move();
    return volumes;
  }

  get mounts(): ContainerMount[] {
    return this.#mounted.map(({ request, volume }) => ({
      source: volume.target,
      target: request.mountPath,
      readOnly: request.readOnly,
    }));
  }

  /** Makes what the steps wrote the volumes' next versions. */
  async commit(options: { signal: AbortSignal }): Promise<void> {
    for (const { request, volume } of this.#mounted) {
      if (!request.readOnly) await volume.commit("requested", undefined, options);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}
