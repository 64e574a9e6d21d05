import { dockerfileError } from "./dockerfile-error.ts";
import type { CopyInstruction, CopyOptions } from "./instruction.ts";
import { parseJsonArray } from "./json-array.ts";
import type { LogicalLine } from "./logical-lines.ts";
import { splitWords } from "./words.ts";

const remedy = "Dorian knows --from, --chown and --chmod, and for ADD --checksum.";

/** Reads what follows COPY or ADD. */
export function parseCopy(
  { line, heredocs }: LogicalLine,
  rest: string,
  mode: { escape: string; add: boolean },
): CopyInstruction {
  const options: CopyOptions = { add: mode.add };
  let remaining = rest;
  for (;;) {
    const flag = /^--([a-z]+)(?:=(\S+))?\s+/.exec(remaining);
    if (!flag) break;
    const [whole, name = "", value = ""] = flag;
    if (name === "from" || name === "chown" || name === "chmod" || (mode.add && name === "checksum"))
      options[name] = value;
    // `--link` only says how Docker may store the result.
    else if (name !== "link") throw dockerfileError(line, `COPY --${name} is not supported.`, remedy);
    remaining = remaining.slice(whole.length);
  }
  const places = parseJsonArray(remaining) ?? splitWords(remaining, mode.escape);
  const target = places.pop();
  if (target === undefined || places.length === 0) {
    throw dockerfileError(line, "COPY needs at least one source and a destination.");
  }
  const documents = heredocs.filter((heredoc) => places.includes(heredoc.word));
  const words = documents.map((document) => document.word);
  const sources = places.filter((place) => !words.includes(place));
  if (sources.some((place) => /^(git@|git:|ssh:)|^https?:.*\.git(#|$)/.test(place))) {
    throw dockerfileError(line, "ADD of a repository is not supported.", "Clone it in a RUN step.");
  }
  const addresses = sources.filter((place) => /^https?:/.test(place));
  if (addresses.length > 0 && !mode.add) {
    throw dockerfileError(line, "COPY of an address is not supported.", "Use ADD for it.");
  }
  return { kind: "copy", sources, target, options, documents };
}
