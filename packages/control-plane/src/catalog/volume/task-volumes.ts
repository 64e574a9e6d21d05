import type { VolumeRegistry } from "./volume-registry.ts";
import type { VolumeHead } from "./volume-head.ts";

/** Mounts of a function or a build, each with the version that is newest now. */
export function taskVolumes(
  volumes: VolumeRegistry,
  mounts: readonly {
    volumeId: string;
    mountPath: string;
    allowBackgroundCommits: boolean;
    readOnly: boolean;
    subPath?: string | undefined;
  }[],
) {
  return mounts.map((mount) => ({
    $typeName: "dorian.worker.TaskVolume" as const,
    volumeId: mount.volumeId,
    mountPath: mount.mountPath,
    backgroundCommits: mount.allowBackgroundCommits,
    readOnly: mount.readOnly,
    subPath: mount.subPath ?? "",
    head: {
      $typeName: "dorian.worker.VolumeVersion" as const,
      ...versionMessage(volumes.head(mount.volumeId)),
    },
  }));
}

export function versionMessage(head: VolumeHead) {
  return { volumeId: head.volumeId, version: BigInt(head.version), layerIds: [...head.layerIds] };
}
