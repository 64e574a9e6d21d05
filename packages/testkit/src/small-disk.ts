import { execFile } from "node:child_process";
import { open, mkdir, rm, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory } from "./temporary-directory.ts";

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

/** A file system of its own, small enough to be filled. */
export interface SmallDisk extends AsyncDisposable {
  /** Directory on it. */
  path: string;
  /** Takes all space but about so many bytes, until `free`. */
  fill(options: { leaveBytes: number }): Promise<void>;
  free(): Promise<void>;
}

/** Makes an ext4 file system in a file and mounts it; `rootPercent` of it is for root alone. */
export async function smallDisk(options: { mebibytes: number; rootPercent?: number }): Promise<SmallDisk> {
  await using made = new AsyncDisposableStack();
  const directory = made.use(await temporaryDirectory());
  const image = join(directory.path, "image");
  const mountPoint = join(directory.path, "mnt");
  await writeFile(image, "");
  await truncate(image, options.mebibytes * mebibyte);
  await run("mkfs.ext4", ["-q", "-m", String(options.rootPercent ?? 0), image]);
  await mkdir(mountPoint);
  // With its loop device, which goes when it is unmounted.
  await run("mount", ["-o", "loop", image, mountPoint]);
  made.defer(async () => void (await run("umount", [mountPoint])));
  const path = join(mountPoint, "data");
  await mkdir(path);
  const filler = join(mountPoint, "filler");
  const resources = made.move();
  return {
    path,
    async fill({ leaveBytes }) {
      await using file = await open(filler, "a");
      const zeros = Buffer.alloc(mebibyte);
      for (;;) {
        const { bavail, bsize } = await statfs(mountPoint);
        const surplus = bavail * bsize - leaveBytes;
        if (surplus <= 0) return;
        try {
          await file.write(zeros, 0, Math.min(mebibyte, surplus));
          // Space is taken when the pages are written, not before.
          await file.sync();
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          return;
        }
      }
    },
    free: () => rm(filler, { force: true }),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
