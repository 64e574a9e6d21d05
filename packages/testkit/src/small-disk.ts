import { execFile } from "node:child_process";
import { open, mkdir, rm, statfs, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
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
  /** Takes all inodes but exactly so many, until `free`. Only for a disk with few. */
  fillInodes(options: { leave: number }): Promise<void>;
  /** Takes all space, and again whatever becomes free, for so long. */
  keepFull(options: { ms: number }): Promise<void>;
  free(): Promise<void>;
}

export interface SmallDiskOptions {
  mebibytes: number;
  /** How many files it can hold. Default: as many as fit the size. */
  inodes?: number;
  /** Share of the space that is root's alone. */
  rootPercent?: number;
}

/** Makes an ext4 file system in a file and mounts it. */
export async function smallDisk(options: SmallDiskOptions): Promise<SmallDisk> {
  await using made = new AsyncDisposableStack();
  const directory = made.use(await temporaryDirectory());
  const image = join(directory.path, "image");
  const mountPoint = join(directory.path, "mnt");
  await writeFile(image, "");
  await truncate(image, options.mebibytes * mebibyte);
  const inodes = options.inodes === undefined ? [] : ["-N", String(options.inodes)];
  await run("mkfs.ext4", ["-q", "-m", String(options.rootPercent ?? 0), ...inodes, image]);
  await mkdir(mountPoint);
  // With its loop device, which goes when it is unmounted.
  await run("mount", ["-o", "loop", image, mountPoint]);
  made.defer(async () => void (await run("umount", [mountPoint])));
  const path = join(mountPoint, "data");
  await mkdir(path);
  const filler = join(mountPoint, "filler");
  const fillers = join(mountPoint, "fillers");
  await mkdir(fillers);
  const resources = made.move();
  const self: SmallDisk = {
    path,
    async keepFull({ ms }) {
      const untilMs = performance.now() + ms;
      while (performance.now() < untilMs) {
        await self.fill({ leaveBytes: 0 });
        await delay(20);
      }
      await self.free();
    },
    async fill({ leaveBytes }) {
      // Most of it at once; the file system takes some for itself.
      const { bavail, bsize } = await statfs(mountPoint);
      const bulk = bavail * bsize - leaveBytes - 64 * mebibyte;
      if (bulk > 0) await run("fallocate", ["-l", String(bulk), filler]);
      await using file = await open(filler, "a");
      for (let piece = mebibyte; ;) {
        const { bavail, bsize } = await statfs(mountPoint);
        const surplus = bavail * bsize - leaveBytes;
        if (surplus < bsize) return;
        try {
          await file.write(Buffer.alloc(Math.min(piece, surplus)));
          // Space is taken when the pages are written, not before.
          await file.sync();
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
          // The file system needs blocks of its own for a file of many.
          if (piece === bsize) return;
          piece = Math.max(bsize, Math.floor(piece / 2 / bsize) * bsize);
        }
      }
    },
    async fillInodes({ leave }) {
      for (let count = 0; ; count += 1) {
        if ((await statfs(mountPoint)).ffree <= leave) return;
        await writeFile(join(fillers, String(count)), "");
      }
    },
    async free() {
      await rm(filler, { force: true });
      await rm(fillers, { recursive: true });
      await mkdir(fillers);
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
  return self;
}
