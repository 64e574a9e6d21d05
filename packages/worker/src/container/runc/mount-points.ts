import { closeSync, constants, openSync, statSync } from "node:fs";
import { posix } from "node:path";
import { asFileOwner } from "@dorian/linux/file-owner";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { makeDirectoryBelow } from "@dorian/linux/place-below";
import type { ContainerSpec } from "../container-spec.ts";

/** Follows no link, which the image may have there and which could lead out of it. */
const createFile = constants.O_CREAT | constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Where the engine mounts something in every container. */
const systemMounts = ["/proc", "/dev", "/sys"];

/**
 * Makes the places in a root file system at which a container has mounts. An engine that starts a container makes them as its root; one that
 * brings it back would do so as root of the host, who is nobody there.
 */
export function makeMountPoints({ rootfs, mounts, userNamespace }: ContainerSpec): void {
  using root = OpenDirectory.open(rootfs);
  const make = () => {
    for (const target of systemMounts) makeDirectoryBelow(root, target)[Symbol.dispose]();
    for (const { source, target } of mounts) {
      const isDirectory = statSync(source).isDirectory();
      using directory = makeDirectoryBelow(root, isDirectory ? target : posix.dirname(target));
      if (!isDirectory) closeSync(openSync(directory.at(posix.basename(target)), createFile));
    }
  };
  if (userNamespace) asFileOwner(userNamespace.ids.first, make);
  else make();
}
