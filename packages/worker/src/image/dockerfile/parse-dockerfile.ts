import { maxDockerfileLength } from "@dorian/protocol/convention/dockerfile-length";
import { dockerfileError } from "./dockerfile-error.ts";
import type { Instruction } from "./instruction.ts";
import { parseJsonArray } from "./json-array.ts";
import { logicalLines, type LogicalLine } from "./logical-lines.ts";
import { parseCopy } from "./parse-copy.ts";
import { parseCommand, parseRun } from "./parse-run.ts";
import { readFlags } from "./read-flags.ts";
import { splitWords } from "./words.ts";

export interface Dockerfile {
  instructions: Instruction[];
  /** Character that escapes others; the backtick in some files for Windows. */
  escape: string;
}

const unsupportedRemedy =
  "Dorian builds FROM, RUN, COPY, ADD, ENV, ARG, WORKDIR, USER, SHELL, CMD, ENTRYPOINT, VOLUME and LABEL.";

/** Keywords that describe an image for tools that Dorian does not have. */
const descriptions = new Set(["LABEL", "EXPOSE", "MAINTAINER"]);
/** Keywords for what becomes of containers, which is Dorian's own affair. */
const lifecycles = new Set(["STOPSIGNAL", "HEALTHCHECK"]);

/**
 * Reads a Dockerfile.
 *
 * @throws AppError DOCKERFILE_INVALID with the line number of what is wrong or not supported.
 */
export function parseDockerfile(source: string): Dockerfile {
  if (source.length > maxDockerfileLength) {
    throw dockerfileError(
      1,
      `The Dockerfile has ${source.length} characters, of which ${maxDockerfileLength} are read.`,
      "COPY what is long from a file.",
    );
  }
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
  if (descriptions.has(keyword)) return { ...common, kind: "ignored", isMissed: false };
  if (lifecycles.has(keyword)) return { ...common, kind: "ignored", isMissed: true };
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
    case "ARG":
      return { ...common, kind: "arg", values: parseArgs(line, rest, escape) };
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
    case "VOLUME":
      return { ...common, kind: "volume", paths: parseJsonArray(rest) ?? splitWords(rest, escape) };
    case "ONBUILD":
      throw dockerfileError(
        line,
        "ONBUILD is not supported.",
        "Write what follows it as a line of the Dockerfile that builds on this one.",
      );
    default:
      throw dockerfileError(line, `${keyword} is not supported.`, unsupportedRemedy);
  }
}

function parseFrom(
  line: number,
  text: string,
): Omit<Extract<Instruction, { kind: "from" }>, "line" | "text"> {
  const { flags, rest } = readFlags(text);
  const unknown = flags.find(({ name, value }) => name !== "platform" || !value);
  const [, image, stage] = /^(\S+)(?:\s+as\s+(\S+))?$/i.exec(rest) ?? [];
  if (unknown || image === undefined) throw dockerfileError(line, `FROM ${text} is not understood.`);
  return { kind: "from", image, stage: stage?.toLowerCase(), platform: flags[0]?.value };
}

function parseArgs(line: number, rest: string, escape: string): [string, string | undefined][] {
  return splitWords(rest, escape).map((word) => {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word : word.slice(0, equals);
    if (!/^[^\s"'$=]+$/.test(name))
      throw dockerfileError(line, `ARG: "${word}" is not a name, or NAME=value.`);
    return [name, equals < 0 ? undefined : word.slice(equals + 1)];
  });
}

function parseEnv(line: number, rest: string, escape: string): [string, string][] {
  const words = splitWords(rest, escape);
  if (!words[0]?.includes("=")) {
    const [, name = "", value] = /^(\S+)\s+([\s\S]+)$/.exec(rest) ?? [];
    if (value === undefined) throw dockerfileError(line, `ENV ${rest} gives no value.`);
    return [[name, value]];
  }
  return words.map((word) => {
    const equals = word.indexOf("=");
    if (equals <= 0) throw dockerfileError(line, `ENV: "${word}" is not in the form NAME=value.`);
    return [word.slice(0, equals), word.slice(equals + 1)];
  });
}
