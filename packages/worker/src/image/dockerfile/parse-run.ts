import { dockerfileError } from "./dockerfile-error.ts";
import type { Command, RunMount, StepCommand } from "./instruction.ts";
import { parseJsonArray } from "./json-array.ts";
import type { LogicalLine } from "./logical-lines.ts";
import { readFlags } from "./read-flags.ts";
import { splitWords } from "./words.ts";

/** Options of each type of mount. Those that only limit or share what Docker keeps between builds change nothing here. */
const mountOptions = {
  bind: ["from", "source", "src", "rw", "readwrite", "ro", "readonly"],
  cache: ["id", "ro", "readonly", "sharing", "uid", "gid", "mode"],
  tmpfs: ["size"],
  secret: ["id", "env", "required", "uid", "gid", "mode"],
} as const;
const targetOptions = ["type", "target", "dst", "destination"];

/** Reads what follows RUN: flags, then a command. */
export function parseRun(
  source: LogicalLine,
  text: string,
  escape: string,
): { kind: "run"; command: StepCommand; mounts: RunMount[] } {
  const mounts: RunMount[] = [];
  const { flags, rest } = readFlags(text);
  for (const { name, value = "" } of flags) {
    if (name === "mount") mounts.push(parseMount(source.line, value));
    else if (name !== "network" || value !== "default")
      throw dockerfileError(source.line, `RUN --${name} is not supported.`, "Remove the flag.");
  }
  if (rest === "") throw dockerfileError(source.line, "RUN needs something to act on.");
  return { kind: "run", command: parseRunCommand(source, rest, escape), mounts };
}

export function parseCommand(rest: string): Command {
  const args = parseJsonArray(rest);
  return args ? { kind: "exec", args } : { kind: "shell", script: rest };
}

function parseRunCommand(source: LogicalLine, rest: string, escape: string): StepCommand {
  const [first] = source.heredocs;
  if (!first) return parseCommand(rest);
  // A here-document alone is the script; otherwise it is input to the command, which the shell knows how to give.
  const alone = splitWords(rest, escape).join(" ") === first.word;
  if (alone && first.body.startsWith("#!")) return { kind: "file", content: first.body };
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
  const named = options.get("type") ?? "bind";
  const types = Object.keys(mountOptions) as (keyof typeof mountOptions)[];
  const type = types.find((each) => each === named);
  if (type === undefined) {
    throw dockerfileError(
      line,
      `RUN --mount of the type "${named}" is not supported.`,
      `Use one of ${types.join(", ")}.`,
    );
  }
  const known: readonly string[] = [...targetOptions, ...mountOptions[type]];
  const unknown = [...options.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw dockerfileError(
      line,
      `RUN --mount=type=${type} has no option "${unknown}" here.`,
      `Leave it out; known are ${known.join(", ")}.`,
    );
  }
  const target = options.get("target") ?? options.get("dst") ?? options.get("destination");
  if (target === undefined && type !== "secret") throw dockerfileError(line, "RUN --mount names no target.");
  return { type, target, options };
}
