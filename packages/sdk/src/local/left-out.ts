import { relative } from "node:path";
import type { LeftOut } from "./walk-local-tree.ts";

/** As many as are read; the rest are counted. */
const shownEntries = 5;

/** A warning about what of a directory was not taken along; undefined when all was. */
export function leftOutWarning(directory: string, entries: readonly LeftOut[]): string | undefined {
  if (entries.length === 0) return undefined;
  const shown = entries
    .slice(0, shownEntries)
    .map(({ path, why }) => `${JSON.stringify(relative(directory, path))} (${why})`);
  const rest = entries.length - shown.length;
  const more = rest > 0 ? ` and ${rest} more` : "";
  return `left out of ${JSON.stringify(directory)}: ${shown.join(", ").replaceAll("\\\\x", "\\x")}${more}.`;
}
