import type { AnyCommand } from "./command.ts";

/** A place in the tree of commands. Modules of commands load when they are used, so that starting up stays quick. */
export type IndexEntry =
  | {
      kind: "command";
      name: string;
      summary: string;
      load: () => Promise<{ command: AnyCommand }>;
      /** Commands behind it, for what it runs. */
      entries?: IndexEntry[];
    }
  | { kind: "group"; name: string; summary: string; entries: IndexEntry[] };

/** The entries that the leading words of a command line name, e.g. [volume group, put command]. */
export function resolvePath(words: string[], entries: IndexEntry[]): IndexEntry[] {
  const word = words.find((candidate) => !candidate.startsWith("-"));
  const entry = entries.find((candidate) => candidate.name === word);
  if (!entry || word === undefined) return [];
  const rest = words.slice(words.indexOf(word) + 1);
  if (entry.kind === "command") {
    const behind = entry.entries?.find(({ name }) => name === rest[0]);
    return behind ? [entry, behind] : [entry];
  }
  return [entry, ...resolvePath(rest, entry.entries)];
}

/** A command by itself. */
export function leaf(
  name: string,
  summary: string,
  load: () => Promise<{ command: AnyCommand }>,
): Extract<IndexEntry, { kind: "command" }> {
  return { kind: "command", name, summary, load };
}

/** Commands of one noun. */
export function group(name: string, summary: string, entries: IndexEntry[]): IndexEntry {
  return { kind: "group", name, summary, entries };
}
