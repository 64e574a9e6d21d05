import { posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { Stopwatch } from "@dorian/base/stopwatch";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import { containerUser } from "../container/container-user.ts";
import { isArchive } from "./archive-kind.ts";
import { type FoundSource, isPattern, sourceAt, sourcesIn } from "./copy-sources.ts";
import type { CopyTarget } from "./copy-target.ts";
import { copyTree } from "./copy-tree.ts";
import type { CopyOptions } from "./dockerfile/instruction.ts";
import { type ModeChange, parseFileMode } from "./file-mode.ts";

export interface CopyStepOptions {
  /** Directories whose content together is what can be copied. */
  sourceRoots: string[];
  /** Mounted root file system of the stage. */
  root: string;
  /** Directory that relative destinations count from. */
  workdir: string;
  /** Unpacks an archive and says where, or leaves it as it is; without it archives are copied like any file. */
  unpack?: (path: string) => Promise<string | undefined>;
  onLog: (text: string) => void;
  signal: AbortSignal;
}

const progressMs = 2_000;

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
  using opened = new DisposableStack();
  const roots = sourceRoots.map((each) => opened.use(OpenDirectory.open(each)));
  const found: FoundSource[] = [];
  const absent: string[] = [];
  for (const source of copy.sources) {
    const before = found.length;
    for (const each of roots) for (const match of await sourcesIn(each, source)) found.push(match);
    if (found.length > before) continue;
    if (!isPattern(source)) throw missing(source, copy.options.from);
    absent.push(source);
  }
  // A pattern beside other sources is for what may be there; one that is all there is, is a mistake.
  const [first] = absent;
  if (first !== undefined && found.length === 0) throw missing(first, copy.options.from);
  for (const source of absent) options.onLog(`   nothing matches ${source}\n`);
  const destination = posix.resolve("/", workdir, copy.target);
  const intoDirectory =
    /(^|\/)\.?$/.test(copy.target) ||
    copy.sources.length > 1 ||
    new Set(found.filter((each) => each.kind !== "directory").map((each) => each.shownName)).size > 1 ||
    isDirectory(root, destination);
  for (const each of found) {
    using source = await sourceAt(each.root, each.path);
    if (!source) throw missing(each.path, copy.options.from);
    const path = `${source.directory.realPath()}/${source.name}`;
    const isUnpacked = options.unpack && each.kind === "file" && (await isArchive(path, each.shownName));
    const unpacked = isUnpacked ? await options.unpack?.(path) : undefined;
    if (unpacked !== undefined) {
      using content = OpenDirectory.open(unpacked);
      await copyTree({ directory: content, name: "." }, destination, target);
      continue;
    }
    const isAll = each.kind === "directory" || !intoDirectory;
    await copyTree(source, isAll ? destination : posix.join(destination, each.shownName), target);
  }
}

function isDirectory(root: string, path: string): boolean {
  using opened = OpenDirectory.open(root);
  using place = placeBelow(opened, path, { follow: true });
  return place.names.length === 0;
}

async function ownerFrom(root: string, chown: string | undefined): Promise<{ uid: number; gid: number }> {
  if (chown === undefined || chown === "") return { uid: 0, gid: 0 };
  if (/^\d+$/.test(chown)) return { uid: Number(chown), gid: Number(chown) };
  return containerUser(root, chown);
}

function modeFrom(chmod: string | undefined): ModeChange | undefined {
  if (chmod === undefined) return undefined;
  const change = parseFileMode(chmod);
  if (change) return change;
  throw new AppError("COPY_NOT_SUPPORTED", `COPY --chmod=${chmod} is not understood.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Give the mode as an octal number, such as 755, or as changes, such as u=rwx,go=rX.",
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
  #sinceLogged = new Stopwatch();

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  add(bytes: number): void {
    this.#files++;
    this.#bytes += bytes;
    if (this.#sinceLogged.ms < progressMs) return;
    this.#sinceLogged.restart();
    this.#log(`   ${this.#files} files copied, ${(this.#bytes / 1_000_000).toFixed(1)} MB\n`);
  }
}
