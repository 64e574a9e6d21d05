import { chmod, lchown, lstat, mkdir } from "node:fs/promises";
import { isUtf8 } from "node:buffer";
import type { Stats } from "node:fs";
import { AppError } from "@dorian/base/app-error";
import { unlessAbsent } from "@dorian/base/unless-absent";
import { OpenDirectory } from "@dorian/linux/open-directory";
import { placeBelow } from "@dorian/linux/place-below";
import type { ModeChange } from "./file-mode.ts";

export interface CopyTarget {
  /** Mounted root file system that is written to. */
  root: string;
  owner: { uid: number; gid: number };
  /** Changes the modes of what is copied. */
  mode: ModeChange | undefined;
  /** Called after each file. */
  onFile: (bytes: number) => void;
  signal: AbortSignal;
}

/** A directory of the target, which whoever asked for it closes. */
export interface MadeDirectory {
  directory: OpenDirectory;
  isNew: boolean;
  /** A link led there: it need not be in the directory that it was looked for in. */
  isElsewhere: boolean;
}

/** What the kernel takes at one go. No other place can be named, and a link that lies deeper is not followed. */
const maxPathLength = 4_096;

/** The directory `name` in one of the target's, made when it is not there. */
export async function directoryIn(
  above: OpenDirectory,
  name: Buffer,
  path: string,
  target: CopyTarget,
  like: Stats,
): Promise<MadeDirectory> {
  const place = above.at(name);
  const existing = await unlessAbsent(lstat(place));
  // Where a link leads is found from the root.
  if (existing?.isSymbolicLink() && isUtf8(name) && path.length <= maxPathLength)
    return { ...(await makeDirectory(path, target, like)), isElsewhere: true };
  if (existing && !existing.isDirectory())
    throw obstacle(path, "has a file on the way, and a directory is needed there");
  if (!existing) await mkdir(place);
  const directory = above.directory(name);
  if (!existing) await takeAttributes(directory, target, like);
  return { directory, isNew: !existing, isElsewhere: false };
}

/** Makes a directory of the target and those above it. */
export async function makeDirectory(
  path: string,
  target: Pick<CopyTarget, "root" | "owner" | "mode">,
  like?: Stats,
): Promise<MadeDirectory> {
  if (path.length > maxPathLength)
    throw obstacle(path, `cannot be: paths have ${maxPathLength} letters at most`);
  using root = OpenDirectory.open(target.root);
  using place = placeBelow(root, path, { follow: true });
  const [first] = place.names;
  if (first !== undefined && (await unlessAbsent(lstat(place.directory.at(first)))))
    throw obstacle(path, "has a file on the way, and a directory is needed there");
  let directory = place.directory.directory(".");
  for (const [index, name] of place.names.entries()) {
    const isLast = index === place.names.length - 1;
    using above = directory;
    await mkdir(above.at(name));
    directory = above.directory(name);
    await takeAttributes(directory, target, isLast ? like : undefined);
  }
  return { directory, isNew: place.names.length > 0, isElsewhere: false };
}

export function changedMode(change: ModeChange | undefined, stats: Stats): number {
  const mode = stats.mode & 0o7777;
  return change ? change(mode, stats.isDirectory()) : mode;
}

async function takeAttributes(
  directory: OpenDirectory,
  { owner, mode }: Pick<CopyTarget, "owner" | "mode">,
  like: Stats | undefined,
): Promise<void> {
  await lchown(`${directory.path}/.`, owner.uid, owner.gid);
  await chmod(directory.path, like ? changedMode(mode, like) : (mode?.(0o755, true) ?? 0o755));
}

export function obstacle(path: string, problem: string): AppError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path;
  return new AppError("COPY_OBSTRUCTED", `${shown} in the image ${problem}.`, {
    status: "INVALID_ARGUMENT",
    remedy: "Choose another destination, or remove what is there in an earlier step.",
  });
}
