import { statSync } from "node:fs";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import type { TaskVolume } from "@dorian/protocol/worker";

/** Who a directory belongs to, and what its permissions are. */
export interface DirectoryOwner {
  uid: number;
  gid: number;
  mode: number;
}

/**
 * The directories of a root file system that empty volumes are mounted over, by mount path: an image that made a place
 * for a user who is not root means that user to write there. `firstId` is what the root file system shows root as.
 */
export function coveredDirectories(
  rootPath: string,
  volumes: readonly TaskVolume[],
  firstId = 0,
): Map<string, DirectoryOwner> {
  const found = new Map<string, DirectoryOwner>();
  // A directory of a volume may not be there yet.
  const mayBeEmpty = volumes.filter((volume) => !volume.head?.layerIds.length || volume.subPath !== "");
  if (mayBeEmpty.length === 0) return found;
  using root = OpenDirectory.open(rootPath);
  for (const { mountPath } of mayBeEmpty) {
    using place = placeBelow(root, mountPath, { follow: true });
    if (place.names.length > 0) continue;
    const { uid, gid, mode } = statSync(`${place.directory.path}/.`);
    found.set(mountPath, { uid: uid - firstId, gid: gid - firstId, mode: mode & 0o7777 });
  }
  return found;
}
