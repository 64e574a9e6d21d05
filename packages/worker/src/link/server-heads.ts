import type { ServiceClient } from "@dorian/protocol/service";
import type { WorkerService } from "@dorian/protocol/worker";
import type { VolumeHeads } from "../volume/mounted-volume.ts";
import type { VolumeVersion } from "../volume/volume-version.ts";

/** Newest versions of volumes, which the server records. */
export function serverHeads(server: ServiceClient<typeof WorkerService>): VolumeHeads {
  return {
    head: async (volumeId, { signal }) => versionOf(await server.volumeHead({ volumeId }, { signal })),
    append: async (commit, { signal }) =>
      versionOf(await server.volumeAppend({ ...commit, bytes: BigInt(commit.bytes) }, { signal })),
  };
}

function versionOf({ version, layerIds }: VolumeVersion): VolumeVersion {
  return { version, layerIds };
}
