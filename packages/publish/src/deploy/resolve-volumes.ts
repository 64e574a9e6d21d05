import { CloudBucketMount, type Volume } from "@dorian/sdk";
import type { DeploySession } from "./deploy-session.ts";

export interface ResolvedVolumeMount {
  volumeId: string;
  mountPath: string;
  allowBackgroundCommits: boolean;
  readOnly: boolean;
  subPath?: string;
}

/** The server's ids of the volumes among what is mounted, with where they are. */
export function resolveVolumes(
  session: DeploySession,
  mounts: Record<string, Volume | CloudBucketMount> = {},
): Promise<ResolvedVolumeMount[]> {
  const volumes = Object.entries(mounts).flatMap(([path, mount]) =>
    mount instanceof CloudBucketMount ? [] : [[path, mount] as const],
  );
  return Promise.all(
    volumes.map(async ([mountPath, volume]) => ({
      volumeId: await volume.resolve(session.transport, session.appId),
      mountPath,
      allowBackgroundCommits: true,
      readOnly: volume.mountOptions.readOnly ?? false,
      ...(volume.mountOptions.subPath ? { subPath: volume.mountOptions.subPath } : {}),
    })),
  );
}
