import { dockerfileError } from "./dockerfile-error.ts";
import type { Command, CopyOptions, Instruction } from "./instruction.ts";
import { logicalLines, type LogicalLine } from "./logical-lines.ts";
import { expandWord, splitWords } from "./words.ts";

export interface Dockerfile {
  instructions: Instruction[];
  /** Character that escapes others; the backtick in some files for Windows. */
  escape: string;
}

const unsupportedRemedy =
  "Dorian builds FROM, RUN, COPY, ADD (of local files), ENV, ARG, WORKDIR, USER, SHELL, CMD, ENTRYPOINT and LABEL.";

/** Keywords that describe an image for tools that Dorian does not have. */
const withoutEffect = new Set(["LABEL", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "MAINTAINER", "VOLUME"]);

/**
 * Reads a Dockerfile.
 *
 * @throws AppError DOCKERFILE_INVALID with the line number of what is wrong or not supported.
 */
export function parseDockerfile(source: string): Dockerfile {
  const { lines, escape } = logicalLines(source);
  const instructions = lines.map((line) => parseInstruction(line, escape));
  const first = instructions.find((instruction) => instruction.kind !== "arg");
  if (first?.kind !== "from") {
    throw dockerfileError(
      first?.line ?? 1,
      "Only ARG may stand before FROM.",
      "Begin with FROM and a base image.",
    );
  }
  return { instructions, escape };
}

function parseInstruction(source: LogicalLine, escape: string): Instruction {
  const { line, text } = source;
  const [, word = "", rest = ""] = /^(\S+)\s*([\s\S]*)$/.exec(text) ?? [];
  const keyword = word.toUpperCase();
  const common = { line, text: text.replaceAll(/\s+/g, " ") };
  if (withoutEffect.has(keyword)) return { ...common, kind: "ignored" };
  if (rest === "") throw dockerfileError(line, `${keyword} needs something to act on.`);
  switch (keyword) {
    case "FROM":
      return { ...common, ...parseFrom(line, rest) };
    case "RUN":
      return { ...common, kind: "run", command: parseRun(source, rest, escape) };
    case "COPY":
    case "ADD":
      return { ...common, ...parseCopy(line, rest, { escape, add: keyword === "ADD" }) };
    case "ENV":
      return { ...common, kind: "env", values: parseEnv(line, rest, escape) };
    case "ARG": {
      const [name = "", ...value] = rest.split("=");
      return {
        ...common,
        kind: "arg",
        name: name.trim(),
        value: value.length === 0 ? undefined : value.join("="),
      };
    }
    case "WORKDIR":
      return { ...common, kind: "workdir", path: rest };
    case "USER":
      return { ...common, kind: "user", user: rest };
    case "SHELL": {
      const shell = parseJsonArray(rest);
      if (!shell?.length)
        throw dockerfileError(line, 'SHELL takes a JSON list, such as ["/bin/bash", "-c"].');
      return { ...common, kind: "shell", shell };
    }
    case "CMD":
      return { ...common, kind: "cmd", command: parseCommand(rest) };
    case "ENTRYPOINT":
      return { ...common, kind: "entrypoint", command: parseCommand(rest) };
    default:
      throw dockerfileError(line, `${keyword} is not supported.`, unsupportedRemedy);
  }
}

function parseFrom(line: number, rest: string): { kind: "from"; image: string; stage: string | undefined } {
  // The platform is always this machine's.
  const match = /^(?:--platform=\S+\s+)?(\S+)(?:\s+as\s+(\S+))?$/i.exec(rest);
  if (!match || match[1]?.startsWith("--")) throw dockerfileError(line, `FROM ${rest} is not understood.`);
  return { kind: "from", image: match[1] ?? "", stage: match[2]?.toLowerCase() };
}

function parseRun(source: LogicalLine, rest: string, escape: string): Command {
  const flag = /^--([a-z]+)/.exec(rest);
  if (flag) {
    throw dockerfileError(
      source.line,
      `RUN --${flag[1]} is not supported.`,
      "Remove the flag; secrets and volumes are given to the image's definition instead.",
    );
  }
  const [first] = source.heredocs;
  if (!first) return parseCommand(rest);
  // A here-document alone is the script; otherwise it is input to the command, which the shell knows how to give.
  const alone = splitWords(rest, escape).join(" ") === first.word;
  if (alone) return { kind: "shell", script: first.body };
  const documents = source.heredocs.map((heredoc) => `\n${heredoc.body}${heredoc.name}`).join("");
  return { kind: "shell", script: `${rest}${documents}\n` };
}

function parseCopy(
  line: number,
  rest: string,
  mode: { escape: string; add: boolean },
): { kind: "copy"; sources: string[]; target: string; options: CopyOptions } {
  const options: CopyOptions = { add: mode.add };
  let remaining = rest;
  for (;;) {
    const flag = /^--([a-z]+)(?:=(\S+))?\s+/.exec(remaining);
    if (!flag) break;
    const [whole, name = "", value = ""] = flag;
    if (name === "from" || name === "chown" || name === "chmod") options[name] = value;
    // `--link` only says how Docker may store the result.
    else if (name !== "link")
      throw dockerfileError(line, `COPY --${name} is not supported.`, unsupportedRemedy);
    remaining = remaining.slice(whole.length);
  }
  const places = parseJsonArray(remaining) ?? splitWords(remaining, mode.escape);
  const target = places.pop();
  if (target === undefined || places.length === 0) {
    throw dockerfileError(line, "COPY needs at least one source and a destination.");
  }
  if (places.some((place) => place.startsWith("<<"))) {
    throw dockerfileError(
      line,
      "COPY of a here-document is not supported.",
      "Write the file with RUN cat <<EOF.",
    );
  }
  if (places.some((place) => /^(https?|git|ssh):/.test(place))) {
    throw dockerfileError(line, "ADD of an address is not supported.", "Fetch it in a RUN step.");
  }
  return { kind: "copy", sources: places, target, options };
}

function parseEnv(line: number, rest: string, escape: string): [string, string][] {
  const words = splitWords(rest, escape);
  if (!/^[^\s="']+=/.test(rest)) {
    const [, name = "", value] = /^(\S+)\s+([\s\S]+)$/.exec(rest) ?? [];
    if (value === undefined) throw dockerfileError(line, `ENV ${rest} gives no value.`);
    return [[name, value]];
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals <= 0) throw dockerfileError(line, `ENV: "${word}" is not in the form NAME=value.`);
    return [expandWord(word.slice(0, equals), () => undefined, escape), word.slice(equals + 1)];
  });
}

function parseCommand(rest: string): Command {
  const args = parseJsonArray(rest);
  return args ? { kind: "exec", args } : { kind: "shell", script: rest };
}

// What does not parse as a list of strings is a line for the shell: `[ -f x ] && y` begins with a bracket, too.
function parseJsonArray(text: string): string[] | undefined {
  if (!text.startsWith("[")) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isList = Array.isArray(value) && value.every((item) => typeof item === "string");
    return isList ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
