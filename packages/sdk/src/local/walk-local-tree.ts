import { isUtf8 } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { AppError, errnoOf } from "@dorian/base/app-error";
import { escapedName } from "@dorian/base/file-name";
import { IgnorePatterns, type Verdict } from "./ignore-patterns.ts";
import { withLocalFile } from "./local-file-error.ts";

/** A file, or a directory with nothing in it that is taken along. */
export interface LocalEntry {
  kind: "file" | "empty directory";
  path: string;
  /** Relative to where the walk began, with slashes; "" for that directory itself. */
  inside: string;
  stats: BigIntStats;
}

/** What cannot be taken along, and why. */
export interface LeftOut {
  path: string;
  why: string;
}

interface Walk {
  ignore: IgnorePatterns;
  onLeftOut: (entry: LeftOut) => void;
}

interface Directory {
  path: string;
  inside: string;
  verdict: Verdict;
  /** Real paths of the directories it is in. */
  above: readonly string[];
}

/**
 * What a directory of this machine holds, by name. Links stand for what they lead to: who gets the files has no other way there.
 *
 * @throws AppError LOCAL_FILE_MISSING, LOCAL_FILE_UNREADABLE, LOCAL_LINK_CYCLE
 */
export function walkLocalTree(
  path: string,
  { ignore = IgnorePatterns.none, onLeftOut }: Partial<Walk> & Pick<Walk, "onLeftOut">,
): AsyncGenerator<LocalEntry> {
  const top = { path, inside: "", verdict: IgnorePatterns.undecided, above: [] };
  return walk(top, { ignore, onLeftOut });
}

async function* walk(directory: Directory, options: Walk): AsyncGenerator<LocalEntry, boolean> {
  const { ignore, onLeftOut } = options;
  const { real, names, stats } = await withLocalFile(directory.path, "read", async () => ({
    real: await realpath(directory.path),
    names: await readdir(directory.path, { encoding: "buffer" }),
    stats: await stat(directory.path, { bigint: true }),
  }));
  if (directory.above.includes(real)) throw linkCycle(directory.path);
  const above = [...directory.above, real];
  let isEmpty = true;
  for (const bytes of names.toSorted(Buffer.compare)) {
    const name = bytes.toString();
    const inside = posix.join(directory.inside, name);
    const verdict = ignore.judge(inside, directory.verdict);
    const isIgnored = ignore.ignores(verdict);
    if (isIgnored && !ignore.mayBringBackFrom(inside, verdict)) continue;
    const path = join(directory.path, name);
    if (!isUtf8(bytes)) {
      onLeftOut({ path: `${directory.path}/${escapedName(bytes)}`, why: "its name is not UTF-8" });
      continue;
    }
    const found = await leadsTo(path);
    const why =
      typeof found === "string" ? found : found.isFile() || found.isDirectory() ? undefined : kindOf(found);
    if (typeof found === "string" || why !== undefined) {
      if (!isIgnored) onLeftOut({ path, why: why ?? "" });
    } else if (found.isDirectory()) {
      const tookSomething = yield* walk({ path, inside, verdict, above }, options);
      if (tookSomething) isEmpty = false;
    } else if (!isIgnored) {
      isEmpty = false;
      yield { kind: "file", path, inside, stats: found };
    }
  }
  if (!isEmpty) return true;
  if (ignore.ignores(directory.verdict)) return false;
  yield { kind: "empty directory", path: directory.path, inside: directory.inside, stats };
  return true;
}

/** What is at a path, or what is wrong with the link there. */
async function leadsTo(path: string): Promise<BigIntStats | string> {
  return await withLocalFile(path, "read", async () => {
    try {
      return await stat(path, { bigint: true });
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "ELOOP") return "a link that leads in circles";
      if (errno !== "ENOENT" || !(await lstat(path)).isSymbolicLink()) throw error;
      return "a link that leads nowhere";
    }
  });
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
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
