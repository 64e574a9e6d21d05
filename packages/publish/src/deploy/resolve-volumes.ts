import type { Volume } from "@dorian/sdk";
import type { DeploySession } from "./deploy-session.ts";

export interface ResolvedVolumeMount {
  volumeId: string;
  mountPath: string;
  allowBackgroundCommits: boolean;
  readOnly: boolean;
  subPath?: string;
}

/** The server's ids of volumes, with where they are mounted. */
export function resolveVolumes(
  session: DeploySession,
  volumes: Record<string, Volume> = {},
): Promise<ResolvedVolumeMount[]> {
  return Promise.all(
    Object.entries(volumes).map(async ([mountPath, volume]) => ({
      volumeId: await volume.resolve(session.transport, session.appId),
      mountPath,
      allowBackgroundCommits: true,
      readOnly: volume.mountOptions.readOnly ?? false,
      ...(volume.mountOptions.subPath ? { subPath: volume.mountOptions.subPath } : {}),
    })),
  );
}
