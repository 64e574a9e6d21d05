import { symlink } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { makeDirectoryBelow, placeBelow } from "@dorian/linux/place-below";
import { removeEntry } from "@dorian/linux/remove-tree";

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
  if (links.length === 0) return;
  using root = OpenDirectory.open(rootPath);
  for (const { path, target } of links) {
    using place = placeBelow(root, path, { follow: false });
    using parent = makeDirectoryBelow(root, dirname(place.path));
    const name = basename(place.path);
    await removeEntry(parent, name);
    await symlink(target, parent.at(name));
  }
}

/** True for where a link made by {@link makeVolumeLinks} leads. */
export function isVolumeLink(target: string): boolean {
  return target.startsWith(`${volumesDirectory}/`);
}
