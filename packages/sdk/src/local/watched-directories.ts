import { isUtf8 } from "node:buffer";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import type { IgnorePatterns } from "./ignore-patterns.ts";
import { readLocalDirectory, walkFrom, type WalkedDirectory } from "./read-local-directory.ts";

/** A directory, and which of its names matter to whoever watches it. */
export type WatchedDirectory = readonly [path: string, counts: (name: string) => boolean];

/** The directories in which a change is one of what `walkLocalTree` finds: those below a path, and those that links lead to. */
export function watchedDirectories(path: string, ignore: IgnorePatterns): AsyncGenerator<WatchedDirectory> {
  return below(walkFrom(path), ignore);
}

async function* below(place: WalkedDirectory, ignore: IgnorePatterns): AsyncGenerator<WatchedDirectory> {
  yield [place.path, (name) => !ignore.ignores(ignore.judge(posix.join(place.inside, name), place.verdict))];
  for (const { bytes, entry, place: within, isIgnored } of await namesIn(place, ignore)) {
    if (!isUtf8(bytes)) continue;
    if (entry.isDirectory()) yield* below(within, ignore);
    if (!entry.isSymbolicLink()) continue;
    // One that leads nowhere is left out of the upload, until its name leads somewhere.
    const target = await stat(within.path).catch(() => undefined);
    if (target?.isDirectory()) yield* below(within, ignore);
    else if (target && !isIgnored) yield* besideTarget(within.path);
  }
}

async function* besideTarget(link: string): AsyncGenerator<WatchedDirectory> {
  const target = await realpath(link).catch(() => undefined);
  if (target !== undefined) yield [dirname(target), (name) => name === basename(target)];
}

// What cannot be read, or goes round in a circle, is told by the upload.
async function namesIn(place: WalkedDirectory, ignore: IgnorePatterns) {
  try {
    return await readLocalDirectory(place, ignore);
  } catch (error) {
    if (!AppError.is(error)) throw error;
    return [];
  }
}
