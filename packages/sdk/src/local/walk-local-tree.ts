import { isUtf8 } from "node:buffer";
import { lstatSync, statSync, type BigIntStats } from "node:fs";
import { stat } from "node:fs/promises";
import { errnoOf } from "@dorian/base/app-error";
import { escapedName } from "@dorian/base/file-name";
import { IgnorePatterns } from "./ignore-patterns.ts";
import { withLocalFile } from "./local-file-error.ts";
import { readLocalDirectory, walkFrom, type WalkedDirectory } from "./read-local-directory.ts";

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
  /** On this machine. */
  path: string;
  /** In a few words. */
  why: string;
}

interface Walk {
  ignore: IgnorePatterns;
  onLeftOut: (entry: LeftOut) => void;
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
  return walk(walkFrom(path), { ignore, onLeftOut });
}

async function* walk(directory: WalkedDirectory, options: Walk): AsyncGenerator<LocalEntry, boolean> {
  const { ignore, onLeftOut } = options;
  let isEmpty = true;
  for (const { bytes, place, isIgnored } of await readLocalDirectory(directory, ignore)) {
    const { path, inside } = place;
    if (!isUtf8(bytes)) {
      onLeftOut({ path: `${directory.path}/${escapedName(bytes)}`, why: "its name is not UTF-8" });
      continue;
    }
    const found = await withLocalFile(path, "read", async () => leadsTo(path));
    const why =
      typeof found === "string" ? found : found.isFile() || found.isDirectory() ? undefined : kindOf(found);
    if (typeof found === "string" || why !== undefined) {
      if (!isIgnored) onLeftOut({ path, why: why ?? "" });
    } else if (found.isDirectory()) {
      const tookSomething = yield* walk(place, options);
      if (tookSomething) isEmpty = false;
    } else if (!isIgnored) {
      isEmpty = false;
      yield { kind: "file", path, inside, stats: found };
    }
  }
  if (!isEmpty) return true;
  if (ignore.ignores(directory.verdict)) return false;
  const { path, inside } = directory;
  const own = await withLocalFile(path, "read", () => stat(path, { bigint: true }));
  yield { kind: "empty directory", path, inside, stats: own };
  return true;
}

/** What is at a path, or what is wrong with the link there. Asked in this thread: another takes ten times as long to ask. */
function leadsTo(path: string): BigIntStats | string {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ELOOP") return "a link that leads in circles";
    if (errno !== "ENOENT" || !lstatSync(path).isSymbolicLink()) throw error;
    return "a link that leads nowhere";
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}
