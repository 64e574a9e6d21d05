import { dockerfileError } from "./dockerfile-error.ts";
import type { Instruction } from "./instruction.ts";
import { parseJsonArray } from "./json-array.ts";
import { logicalLines, type LogicalLine } from "./logical-lines.ts";
import { parseCopy } from "./parse-copy.ts";
import { parseCommand, parseRun } from "./parse-run.ts";
import { expandWord, splitWords } from "./words.ts";

export interface Dockerfile {
  instructions: Instruction[];
  /** Character that escapes others; the backtick in some files for Windows. */
  escape: string;
}

const unsupportedRemedy =
  "Dorian builds FROM, RUN, COPY, ADD, ENV, ARG, WORKDIR, USER, SHELL, CMD, ENTRYPOINT and LABEL.";

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
      return { ...common, ...parseRun(source, rest, escape) };
    case "COPY":
    case "ADD":
      return { ...common, ...parseCopy(source, rest, { escape, add: keyword === "ADD" }) };
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
