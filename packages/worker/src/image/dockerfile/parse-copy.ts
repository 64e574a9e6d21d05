import { dockerfileError } from "./dockerfile-error.ts";
import type { CopyInstruction, CopyOptions } from "./instruction.ts";
import { parseJsonArray } from "./json-array.ts";
import type { LogicalLine } from "./logical-lines.ts";
import { readFlags } from "./read-flags.ts";
import { splitWords } from "./words.ts";

const remedy = "Dorian knows --from, --chown, --chmod and --link, and for ADD --checksum.";
const remedies: Record<string, string> = {
  exclude:
    "Leave the files out of what is copied with a .dockerignore file, or remove them in the same RUN step that uses the rest.",
  parents: "Name the directory in the destination: COPY a/b/ /to/a/b/.",
};

/** Reads what follows COPY or ADD. */
export function parseCopy(
  { line, heredocs }: LogicalLine,
  text: string,
  mode: { escape: string; add: boolean },
): CopyInstruction {
  const keyword = mode.add ? "ADD" : "COPY";
  const options: CopyOptions = { add: mode.add };
  const { flags, rest } = readFlags(text);
  for (const { name, value } of flags) {
    const takesValue = name === "chown" || name === "chmod" || name === (mode.add ? "checksum" : "from");
    if (takesValue) {
      if (!value) throw dockerfileError(line, `${keyword} --${name} has no value.`);
      options[name as "from" | "chown" | "chmod" | "checksum"] = value;
    }
    // `--link` only says how Docker may store the result.
    else if (name !== "link")
      throw dockerfileError(line, `${keyword} --${name} is not supported.`, remedies[name] ?? remedy);
  }
  const places = parseJsonArray(rest) ?? splitWords(rest, mode.escape);
  const target = places.pop();
  if (target === undefined || places.length === 0) {
    throw dockerfileError(line, `${keyword} needs at least one source and a destination.`);
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
