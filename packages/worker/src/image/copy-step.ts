import { glob, stat } from "node:fs/promises";
import { basename, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/operator/read-if-present";
import { containerUser } from "../task/container-environment.ts";
import { confinedPath } from "./confined-path.ts";
import { copyTree, type CopyTarget } from "./copy-tree.ts";
import type { CopyOptions } from "./dockerfile/instruction.ts";

export interface CopyStepOptions {
  /** Directories whose content together is what can be copied. */
  sourceRoots: string[];
  /** Mounted root file system of the stage. */
  root: string;
  /** Directory that relative destinations count from. */
  workdir: string;
  /** Unpacks an archive and says where; without it archives are copied like any file. */
  unpack?: (path: string) => Promise<string>;
  onLog: (text: string) => void;
  signal: AbortSignal;
}

const progressMs = 2_000;
const archive = /\.(tar|tar\.(gz|bz2|xz|zst)|tgz|tbz2|txz)$/;

/**
 * Carries out COPY, or ADD of local files. Variables in the paths have been replaced.
 *
 * @throws AppError COPY_SOURCE_MISSING, COPY_OBSTRUCTED, ADD_ARCHIVE_INVALID
 */
export async function copyStep(
  copy: { sources: string[]; target: string; options: CopyOptions },
  options: CopyStepOptions,
): Promise<void> {
  const { sourceRoots, root, workdir, signal } = options;
  const progress = new CopyProgress(options.onLog);
  const target: CopyTarget = {
    root,
    owner: await ownerFrom(root, copy.options.chown),
    mode: modeFrom(copy.options.chmod),
    onFile: (bytes) => progress.add(bytes),
    signal,
  };
  const found: { path: string; name: string; isDirectory: boolean }[] = [];
  for (const source of copy.sources) {
    const matches: typeof found = [];
    for (const sourceRoot of sourceRoots) matches.push(...(await matchesIn(sourceRoot, source)));
    if (matches.length === 0) throw missing(source, copy.options.from);
    found.push(...matches);
  }
  const destination = posix.resolve("/", workdir, copy.target);
  const intoDirectory =
    /(^|\/)\.?$/.test(copy.target) ||
    copy.sources.length > 1 ||
    new Set(found.filter((each) => !each.isDirectory).map((each) => each.name)).size > 1 ||
    (await isDirectory(root, destination));
  for (const each of found) {
    if (options.unpack && !each.isDirectory && archive.test(each.name)) {
      await copyTree(await options.unpack(each.path), destination, target);
      continue;
    }
    const place = each.isDirectory || !intoDirectory ? destination : posix.join(destination, each.name);
    await copyTree(each.path, place, target);
  }
}

/** A source as written, or as a pattern; always below the root, whatever its links and dots say. */
async function matchesIn(
  sourceRoot: string,
  source: string,
): Promise<{ path: string; name: string; isDirectory: boolean }[]> {
  const plain = posix.join("/", source);
  const exact = await confinedPath(sourceRoot, plain, { follow: true });
  const stats = await unlessAbsent(stat(exact));
  // A link's own name counts, not that of what it leads to.
  if (stats) return [{ path: exact, name: basename(plain), isDirectory: stats.isDirectory() }];
  if (!/[*?[]/.test(plain)) return [];
  const matches: { path: string; name: string; isDirectory: boolean }[] = [];
  const names: string[] = [];
  for await (const name of glob(plain.slice(1), { cwd: sourceRoot })) names.push(name);
  for (const name of names.toSorted()) {
    const path = await confinedPath(sourceRoot, name, { follow: true });
    const found = await unlessAbsent(stat(path));
    if (found) matches.push({ path, name: basename(name), isDirectory: found.isDirectory() });
  }
  return matches;
}

async function isDirectory(root: string, path: string): Promise<boolean> {
  return (await unlessAbsent(stat(await confinedPath(root, path, { follow: true }))))?.isDirectory() === true;
}

async function ownerFrom(root: string, chown: string | undefined): Promise<{ uid: number; gid: number }> {
  if (chown === undefined || chown === "") return { uid: 0, gid: 0 };
  if (/^\d+$/.test(chown)) return { uid: Number(chown), gid: Number(chown) };
  return containerUser(root, chown);
}

function modeFrom(chmod: string | undefined): number | undefined {
  if (chmod === undefined) return undefined;
  if (/^[0-7]{3,4}$/.test(chmod)) return Number.parseInt(chmod, 8);
  throw new AppError("COPY_NOT_SUPPORTED", `COPY --chmod=${chmod} is not understood.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Give the mode as an octal number, such as 755.",
  });
}

function missing(source: string, from: string | undefined): AppError {
  const where = from === undefined ? "the files given to the build" : `"${from}"`;
  return new AppError("COPY_SOURCE_MISSING", `"${source}" is not among ${where}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Check the path; it counts from the root of what is copied from.",
  });
}

class CopyProgress {
  #log: (text: string) => void;
  #files = 0;
  #bytes = 0;
  #loggedAt = Date.now();

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  add(bytes: number): void {
    this.#files++;
    this.#bytes += bytes;
    if (Date.now() - this.#loggedAt < progressMs) return;
    this.#loggedAt = Date.now();
    this.#log(`   ${this.#files} files copied, ${(this.#bytes / 1_000_000).toFixed(1)} MB\n`);
  }
}
