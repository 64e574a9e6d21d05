import { dockerfileError } from "./dockerfile-error.ts";
import type { Command, RunMount } from "./instruction.ts";
import { parseJsonArray } from "./json-array.ts";
import type { LogicalLine } from "./logical-lines.ts";
import { splitWords } from "./words.ts";

const mountTypes = ["bind", "cache", "tmpfs", "secret"] as const;

/** Reads what follows RUN: flags, then a command. */
export function parseRun(
  source: LogicalLine,
  rest: string,
  escape: string,
): { kind: "run"; command: Command; mounts: RunMount[] } {
  const mounts: RunMount[] = [];
  let remaining = rest;
  for (;;) {
    const flag = /^--([a-z]+)=(\S+)\s+/.exec(remaining);
    if (!flag) break;
    const [whole, name = "", value = ""] = flag;
    if (name === "mount") mounts.push(parseMount(source.line, value));
    else if (name !== "network" || value !== "default") throw unsupportedFlag(source.line, name);
    remaining = remaining.slice(whole.length);
  }
  const unknown = /^--([a-z]+)/.exec(remaining);
  if (unknown) throw unsupportedFlag(source.line, unknown[1] ?? "");
  return { kind: "run", command: parseRunCommand(source, remaining, escape), mounts };
}

export function parseCommand(rest: string): Command {
  const args = parseJsonArray(rest);
  return args ? { kind: "exec", args } : { kind: "shell", script: rest };
}

function parseRunCommand(source: LogicalLine, rest: string, escape: string): Command {
  const [first] = source.heredocs;
  if (!first) return parseCommand(rest);
  // A here-document alone is the script; otherwise it is input to the command, which the shell knows how to give.
  const alone = splitWords(rest, escape).join(" ") === first.word;
  if (alone) return { kind: "shell", script: first.body };
  const documents = source.heredocs.map((heredoc) => `\n${heredoc.body}${heredoc.name}`).join("");
  return { kind: "shell", script: `${rest}${documents}\n` };
}

function parseMount(line: number, text: string): RunMount {
  const options = new Map(
    text.split(",").map((part): [string, string] => {
      const equals = part.indexOf("=");
      return equals < 0 ? [part, "true"] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
  const type = mountTypes.find((each) => each === (options.get("type") ?? "bind"));
  if (type === undefined) {
    throw dockerfileError(
      line,
      `RUN --mount of the type "${options.get("type")}" is not supported.`,
      `Use one of ${mountTypes.join(", ")}.`,
    );
  }
  const target = options.get("target") ?? options.get("dst") ?? options.get("destination");
  if (target === undefined && type !== "secret") throw dockerfileError(line, "RUN --mount names no target.");
  return { type, target, options };
}

function unsupportedFlag(line: number, name: string) {
  return dockerfileError(line, `RUN --${name} is not supported.`, "Remove the flag.");
}
