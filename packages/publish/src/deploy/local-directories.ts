import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import { IgnorePatterns, type Verdict } from "@dorian/sdk/local/ignore-patterns";
import type { LocalSource } from "@dorian/sdk/image/local-source";

interface Place {
  path: string;
  /** Relative to the source, with slashes. */
  inside: string;
  verdict: Verdict;
}

/** The directories below a local source, each with what of its names goes along: for those who watch them. */
export async function* localDirectories(
  source: LocalSource,
): AsyncGenerator<[path: string, counts: (name: string) => boolean]> {
  const top = { path: source.localPath, inside: "", verdict: IgnorePatterns.undecided };
  yield* below(top, source.ignore);
}

async function* below(
  place: Place,
  ignore: IgnorePatterns,
): AsyncGenerator<[path: string, counts: (name: string) => boolean]> {
  const judge = (name: string) => ignore.judge(posix.join(place.inside, name), place.verdict);
  yield [place.path, (name) => !ignore.ignores(judge(name))];
  // One that cannot be read is told by the upload.
  const entries = await readdir(place.path, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const inside = posix.join(place.inside, entry.name);
    const verdict = judge(entry.name);
    const isLeftOut = ignore.ignores(verdict) && !ignore.mayBringBackFrom(inside, verdict);
    if (entry.isDirectory() && !isLeftOut)
      yield* below({ path: join(place.path, entry.name), inside, verdict }, ignore);
  }
}
