import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { copyFile, mkdir, open, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { sleep } from "@dorian/base/sleep";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

/** A file system of its own whose power may be cut at any moment. */
export interface PowerCutDisk extends AsyncDisposable {
  /** Directory on it. */
  path: string;
  /**
   * The disk as a power cut at this moment leaves it: what was written and not brought to it yet is missing. Of what a disk was given
   * since it was last told to flush, each block may be there or not, whatever came first: `survives` says which.
   */
  cut(options: {
    survives: () => boolean;
    signal: AbortSignal;
  }): Promise<{ image: string; lostBlocks: number }>;
  /** Mounts what a cut left, as a machine does that starts again. Its `path` is the directory of `path` above. */
  mount(cut: string): Promise<TemporaryDirectory>;
}

/**
 * Makes an ext4 file system in a file of an XFS, which clones the file in one moment however much is being written to it.
 * The caches that a power cut empties are the kernel's, above the file.
 */
export async function powerCutDisk(options: { mebibytes: number }): Promise<PowerCutDisk> {
  await using made = new AsyncDisposableStack();
  const directory = made.use(await temporaryDirectory());
  const outer = join(directory.path, "outer");
  // Sparse: it takes what is written to it.
  await makeFileSystem(`${outer}.image`, ["mkfs.xfs", "-q"], options.mebibytes * 2);
  made.defer(await mountImage(`${outer}.image`, outer));
  const image = join(outer, "image");
  await makeFileSystem(image, ["mkfs.ext4", "-q", "-m", "0"], options.mebibytes);
  const mountPoint = join(directory.path, "mnt");
  made.defer(await mountImage(image, mountPoint));
  const path = join(mountPoint, "data");
  await mkdir(path);
  const device = await loopDeviceOf(image);
  let cuts = 0;
  const resources = made.move();
  return {
    path,
    async cut({ survives, signal }) {
      cuts += 1;
      const [before, after] = [join(outer, `cut-${cuts}`), join(outer, `after-${cuts}`)];
      await cloneBetweenFlushes({
        device,
        first: () => clone(image, before),
        second: () => clone(image, after),
        signal,
      });
      const lostBlocks = await takeOver(before, after, survives);
      await rm(after);
      return { image: before, lostBlocks };
    },
    async mount(cut) {
      const unmount = await mountImage(cut, `${cut}.mnt`);
      return { path: join(`${cut}.mnt`, "data"), [Symbol.asyncDispose]: unmount };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** What both file systems write at once. */
const blockBytes = 4096;

/** Brings those blocks of `after` that survive into `before`. Returns how many do not. */
async function takeOver(before: string, after: string, survives: () => boolean): Promise<number> {
  const [were, are] = await Promise.all([placesOf(before), placesOf(after)]);
  await using old = await open(before, "r+");
  await using newer = await open(after, "r");
  const block = Buffer.alloc(blockBytes);
  let lost = 0;
  for (const [number, place] of are) {
    if (were.get(number) === place) continue;
    if (!survives()) {
      lost += 1;
      continue;
    }
    await newer.read(block, 0, blockBytes, number * blockBytes);
    await old.write(block, 0, blockBytes, number * blockBytes);
  }
  return lost;
}

/** Where each block of a file lies: clones share the places of those that are the same. */
async function placesOf(file: string): Promise<Map<number, number>> {
  const { stdout } = await run("filefrag", ["-v", file], { maxBuffer: 64 * mebibyte });
  const places = new Map<number, number>();
  for (const [, first, last, place] of stdout.matchAll(/^ *\d+: *(\d+)\.\. *(\d+): *(\d+)\.\./gm)) {
    for (let number = Number(first); number <= Number(last); number += 1)
      places.set(number, Number(place) + number - Number(first));
  }
  return places;
}

async function loopDeviceOf(image: string): Promise<string> {
  const { stdout } = await run("losetup", ["--noheadings", "--output", "NAME", "--associated", image]);
  return basename(stdout.trim());
}

/** Makes both with writes between them and no flush: there a disk has promised nothing. */
async function cloneBetweenFlushes(options: {
  device: string;
  first: () => Promise<void>;
  second: () => Promise<void>;
  signal: AbortSignal;
}): Promise<void> {
  const { device, first, second, signal } = options;
  for (;;) {
    const began = await countsOf(device);
    await first();
    const cloned = await countsOf(device);
    let now = cloned;
    for (; now.flushes === began.flushes && now.writes === cloned.writes; now = await countsOf(device))
      await sleep(1, { signal });
    if (now.flushes !== began.flushes) continue;
    await second();
    if ((await countsOf(device)).flushes === began.flushes) return;
  }
}

async function clone(file: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await copyFile(file, to, constants.COPYFILE_FICLONE_FORCE);
}

/** How often the device was written to, and told to flush what it holds: its 5th and 16th counts. */
async function countsOf(device: string): Promise<{ writes: number; flushes: number }> {
  const counts = (await readFile(`/sys/block/${device}/stat`, "utf8")).trim().split(/\s+/).map(Number);
  return { writes: counts[4] ?? 0, flushes: counts[15] ?? 0 };
}

async function makeFileSystem(image: string, [program = "", ...args]: string[], mebibytes: number) {
  await writeFile(image, "");
  await truncate(image, mebibytes * mebibyte);
  await run(program, [...args, image]);
}

/** Returns what unmounts it. Its loop device goes with it. */
async function mountImage(image: string, mountPoint: string): Promise<() => Promise<void>> {
  await mkdir(mountPoint);
  await run("mount", ["-o", "loop", image, mountPoint]);
  return async () => void (await run("umount", [mountPoint]));
}
