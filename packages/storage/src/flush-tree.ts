import { constants } from "node:fs";
import { lstat, open, unlink } from "node:fs/promises";
import { removeAttribute } from "@dorian/linux/extended-attributes";
import { openIfRegular } from "@dorian/linux/open-below";
import { descriptorPath } from "@dorian/linux/open-directory";
import { isWhiteout } from "@dorian/linux/overlay-marks";
import { walkTree } from "@dorian/linux/walk-tree";

const concurrency = 16;
const setUserId = 0o4000;
const setGroupId = 0o2000;

export interface FlushOptions {
  /**
   * Removes what a volume does not keep: rights that files give to whoever runs them, and device nodes. Anybody may have
   * made them, and the place of a volume's files on this machine is no container. FIFOs and sockets stay, as names.
   */
  forVolume?: boolean;
  /** What files with several names hold is on disk already: they are links of files in durable layers. */
  linksAreDurable?: boolean;
}

/** Returns when everything in the tree at `root` is on disk: what files hold, and the names of all. */
export async function flushTree(root: string, options: FlushOptions = {}): Promise<void> {
  await walkTree(root, { concurrency }, async ({ directory, name, at, kind }) => {
    if (kind === "directory") await flushDirectory(at);
    if (kind === "other" && options.forVolume) await removeDevice(at);
    if (kind !== "file") return;
    if (options.linksAreDurable && (await lstat(at)).nlink > 1) return;
    await using file = await openIfRegular(directory, name);
    if (!file) return;
    if (options.forVolume) {
      const { mode } = await file.stat();
      if ((mode & (setUserId | setGroupId)) !== 0) await file.chmod(mode & 0o1777);
      removeAttribute(descriptorPath(file.fd), "security.capability");
    }
    await file.datasync();
  });
  await flushDirectory(root);
}

async function removeDevice(path: Buffer): Promise<void> {
  const stats = await lstat(path);
  if ((stats.isCharacterDevice() || stats.isBlockDevice()) && !isWhiteout(stats)) await unlink(path);
}

/** Returns when the names in `directory` are on disk. */
export async function flushDirectory(directory: string | Buffer): Promise<void> {
  await using handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  await handle.sync();
}
