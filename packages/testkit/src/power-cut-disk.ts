import { execFile } from "node:child_process";
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

/** A file system of its own whose power may be cut at any moment. */
export interface PowerCutDisk extends AsyncDisposable {
  /** Directory on it. */
  path: string;
  /** The disk as a power cut at this moment leaves it: what was written and not brought to it yet is missing. */
  cut(): Promise<string>;
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
  let cuts = 0;
  const resources = made.move();
  return {
    path,
    async cut() {
      cuts += 1;
      const cut = join(outer, `cut-${cuts}`);
      await run("cp", ["--reflink=always", image, cut]);
      return cut;
    },
    async mount(cut) {
      const unmount = await mountImage(cut, `${cut}.mnt`);
      return { path: join(`${cut}.mnt`, "data"), [Symbol.asyncDispose]: unmount };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
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
