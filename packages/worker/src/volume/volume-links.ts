import { lstat, mkdir, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "@dorian/base/app-error";
import { confinedPath } from "../image/confined-path.ts";

/** Where the official clients look for open files of a volume. */
const volumesDirectory = "/__modal/volumes";

/** A path in a container that leads to a volume mounted elsewhere in it. */
export interface VolumeLink {
  path: string;
  target: string;
}

/** Where a volume is mounted for the official clients; the path that the user chose is a link to it. */
export function officialMountPath(volumeId: string): string {
  return `${volumesDirectory}/${volumeId}`;
}

/** Makes links in a root file system, in place of what is there. */
export async function makeVolumeLinks(rootPath: string, links: readonly VolumeLink[]): Promise<void> {
  for (const { path, target } of links) {
    const place = await confinedPath(rootPath, path, { follow: false });
    await mkdir(dirname(place), { recursive: true, mode: 0o755 });
    if (await exists(place)) await rm(place, { recursive: true });
    await symlink(target, place);
  }
}

/** True for where a link made by {@link makeVolumeLinks} leads. */
export function isVolumeLink(target: string): boolean {
  return target.startsWith(`${volumesDirectory}/`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
