import type { CommandContext } from "./context.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output/output.ts";

export interface ArgumentDefinition {
  name: string;
  description: string;
  /** May be left out. */
  optional?: boolean;
  /** Takes all that follow. */
  variadic?: boolean;
}

export interface OptionDefinition {
  /** Long name without the dashes, e.g. "simulate-gpus". */
  name: string;
  short?: string;
  /** Name of the value in the help text; absent for a flag. */
  value?: string;
  /** The value may be left out. */
  valueOptional?: boolean;
  description: string;
}

/** One command: data for help and parsing, a handler that returns data, and a renderer that shows the data to people. */
export interface CommandDefinition<Result> {
  arguments?: readonly ArgumentDefinition[];
  options?: readonly OptionDefinition[];
  /** Lines shown below the options in the help. */
  notes?: readonly string[];
  /**
   * The first argument names what the others are for: unknown options and a request for help behind it, and all that stands behind
   * `--`, are collected as arguments, the dashes among them.
   */
  argumentsOfTarget?: boolean;
  /** Adds --json, which prints what this returns instead of rendering. */
  json?: (result: Result) => unknown;
  run(input: Input, context: CommandContext): Promise<Result>;
  render(result: Result, output: Output, input: Input): void;
  /** For a command that passes on another program's exit code, or finds out whether all is well. Default 0. */
  exitCode?(result: Result): number;
}

/** A definition whose result type nobody outside needs to know. */
export type AnyCommand = CommandDefinition<unknown>;

/** Checks a definition and forgets its result type. */
export function defineCommand<Result>(definition: CommandDefinition<Result>): AnyCommand {
  return definition as AnyCommand;
}

/** True for an argument that asks what there is to type. */
export function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}
