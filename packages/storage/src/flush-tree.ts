import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { removeAttribute } from "@dorian/linux/extended-attributes";
import { openEntry } from "@dorian/linux/open-below";
import { descriptorPath } from "@dorian/linux/open-directory";
import { walkTree } from "@dorian/linux/walk-tree";

const concurrency = 16;
const setUserId = 0o4000;
const setGroupId = 0o2000;

export interface FlushOptions {
  /**
   * Takes from files the rights that they give to whoever runs them: a volume's files may have been made by anybody, and
   * their place on this machine is no container.
   */
  dropPrivileges?: boolean;
}

/** Returns when everything in the tree at `root` is on disk: what files hold, and the names of all. */
export async function flushTree(root: string, options: FlushOptions = {}): Promise<void> {
  await walkTree(root, { concurrency }, async ({ directory, name, at, kind }) => {
    if (kind === "directory") await flushDirectory(at);
    if (kind !== "file") return;
    await using file = await openEntry(directory, name);
    if (!file) return;
    if (options.dropPrivileges) {
      const { mode } = await file.stat();
      if ((mode & (setUserId | setGroupId)) !== 0) await file.chmod(mode & 0o1777);
      removeAttribute(descriptorPath(file.fd), "security.capability");
    }
    await file.datasync();
  });
  await flushDirectory(root);
}

/** Returns when the names in `directory` are on disk. */
export async function flushDirectory(directory: string | Buffer): Promise<void> {
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
