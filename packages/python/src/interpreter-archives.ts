import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";

/** Where the one of an archive is, in python-build-standalone's form. */
const installed = "python";
const archForNode: Record<string, string> = { x64: "x86_64", arm64: "aarch64" };

/**
 * Unpacks the archives of python-build-standalone (`cpython-…-install_only.tar.gz`) for this machine in a directory,
 * each once, below `unpackTo`. Returns where the Pythons are.
 *
 * @throws AppError PYTHON_ARCHIVE_INVALID
 */
export async function unpackInterpreters(directory: string, unpackTo: string): Promise<string[]> {
  const names = (await unlessAbsent(readdir(directory))) ?? [];
  const prefixes: string[] = [];
  for (const name of names.filter(isForThisMachine)) {
    const target = join(unpackTo, basename(name, ".tar.gz"));
    if ((await unlessAbsent(stat(target))) === undefined) await unpack(join(directory, name), target);
    prefixes.push(join(target, installed));
  }
  return prefixes;
}

function isForThisMachine(name: string): boolean {
  const arch = archForNode[process.arch] ?? process.arch;
  return new RegExp(
    String.raw`^cpython-3\.\d+\.\d+[^-]*-${arch}(?:_v[234])?-unknown-linux-gnu-install_only(?:_stripped)?\.tar\.gz$`,
  ).test(name);
}

async function unpack(archive: string, target: string): Promise<void> {
  await mkdir(join(target, ".."), { recursive: true });
  const incoming = await mkdtemp(`${target}-`);
  try {
    await promisify(execFile)("tar", ["-xzf", archive, "-C", incoming, "--no-same-owner"]);
    await rename(incoming, target);
  } catch (error) {
    // Another process of this machine was faster.
    if (errnoOf(error) === "ENOTEMPTY" || errnoOf(error) === "EEXIST") return;
    throw new AppError("PYTHON_ARCHIVE_INVALID", `The archive ${archive} cannot be unpacked.`, {
      remedy: "Get it anew, or take it out of the directories of DORIAN_PYTHONS.",
      cause: error,
    });
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}
