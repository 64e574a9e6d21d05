import type { Dirent } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { join, posix } from "node:path";
import { AppError } from "@dorian/base/app-error";
import { IgnorePatterns, type Verdict } from "./ignore-patterns.ts";
import { withLocalFile } from "./local-file-error.ts";

/** A directory of this machine that a walk has come to. */
export interface WalkedDirectory {
  path: string;
  /** Relative to where the walk began, with slashes; "" for that directory itself. */
  inside: string;
  verdict: Verdict;
  /** Real paths of the directories it is in. */
  above: readonly string[];
}

/** What a directory has under one name. */
export interface WalkedName {
  bytes: Buffer;
  /** As a directory to go on with, if it leads to one. */
  place: WalkedDirectory;
  entry: Dirent<Buffer>;
  /** Left out itself: something below it may be brought back. */
  isIgnored: boolean;
}

/** The directory at which a walk begins. */
export function walkFrom(path: string): WalkedDirectory {
  return { path, inside: "", verdict: IgnorePatterns.undecided, above: [] };
}

/**
 * Reads a directory, by name. What is left out with all that is below it is not looked at.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, LOCAL_LINK_CYCLE
 */
export async function readLocalDirectory(
  directory: WalkedDirectory,
  ignore: IgnorePatterns,
): Promise<WalkedName[]> {
  const { real, entries } = await withLocalFile(directory.path, "read", async () => ({
    real: await realpath(directory.path),
    entries: await readdir(directory.path, { encoding: "buffer", withFileTypes: true }),
  }));
  if (directory.above.includes(real)) throw linkCycle(directory.path);
  const above = [...directory.above, real];
  const found: WalkedName[] = [];
  for (const entry of entries.toSorted((one, other) => Buffer.compare(one.name, other.name))) {
    const name = entry.name.toString();
    const inside = posix.join(directory.inside, name);
    const verdict = ignore.judge(inside, directory.verdict);
    const isIgnored = ignore.ignores(verdict);
    if (isIgnored && !ignore.mayBringBackFrom(inside, verdict)) continue;
    const place = { path: join(directory.path, name), inside, verdict, above };
    found.push({ bytes: entry.name, place, entry, isIgnored });
  }
  return found;
}

function linkCycle(path: string): AppError {
  return new AppError(
    "LOCAL_LINK_CYCLE",
    `${JSON.stringify(path)} is a link to a directory that it lies in.`,
    {
      status: "INVALID_ARGUMENT",
      remedy: "Remove the link, or leave it out of what is taken along.",
    },
  );
}
