import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { isHelp, type AnyCommand } from "./command.ts";
import { type IndexEntry, resolvePath } from "./index-entry.ts";
import { Input, UsageError } from "./input.ts";

/** What a command line asks for. */
export type Parsed = { kind: "text"; text: string } | { kind: "command"; command: AnyCommand; input: Input };

/**
 * Parses a command line. Only the module of the command it names is loaded.
 *
 * @throws UsageError
 */
export async function parseCommandLine(
  argv: string[],
  options: { index: IndexEntry[]; version: string; columns: number },
): Promise<Parsed> {
  const { index } = options;
  const path = resolvePath(argv, index);
  const last = path.at(-1);
  const named = last?.kind === "command" ? { entry: last, command: (await last.load()).command } : undefined;
  const { words, behindDashes } = splitAtDashes(argv, named?.command);
  let text = "";
  let parsed: Parsed | undefined;

  const configure = (program: Command): Command =>
    program
      .exitOverride()
      .configureOutput({
        writeOut: (chunk) => (text += chunk),
        writeErr: () => undefined,
        getOutHelpWidth: () => Math.min(options.columns, 110),
      })
      .helpOption("-h, --help", "Show help")
      .helpCommand(false);
  const add = (parent: Command, entries: IndexEntry[]): void => {
    for (const entry of entries) {
      const child = configure(new Command(entry.name)).description(entry.summary);
      if (entry.entries) add(child, entry.entries);
      if (entry === named?.entry) {
        define(child, named.command, behindDashes, (input) => {
          parsed = { kind: "command", command: named.command, input };
        });
        if (named.command.argumentsOfTarget && asksTarget(words.slice(path.length), named.command))
          child.helpOption(false);
      }
      parent.addCommand(child);
    }
  };

  const program = configure(new Command("dorian"))
    .description("Dorian runs serverless ML apps on machines you own.")
    .version(options.version, "-V, --version", "Show the version");
  add(program, index);
  program.addHelpText("after", "\nEach command explains itself: dorian <command> --help");
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageErrorOf(error, argv, { path, index });
  }
  return parsed ?? { kind: "text", text };
}

/** Without the part behind `--`, of a command whose target gets it: it is the target's to read, dashes and all. */
function splitAtDashes(
  argv: string[],
  command: AnyCommand | undefined,
): { words: string[]; behindDashes: string[] } {
  const at = command?.argumentsOfTarget ? argv.indexOf("--") : -1;
  return at < 0
    ? { words: argv, behindDashes: [] }
    : { words: argv.slice(0, at), behindDashes: argv.slice(at) };
}

/** True when help is asked for behind a target: then it is the target's. */
function asksTarget(words: readonly string[], { options = [] }: AnyCommand): boolean {
  const takesValue = new Set(
    options
      .filter(({ value }) => value !== undefined)
      .flatMap(({ name, short }) => [`--${name}`, `-${short}`]),
  );
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (isHelp(word)) return false;
    if (!word.startsWith("-")) return words.slice(index).some(isHelp);
    if (takesValue.has(word)) index++;
  }
  return false;
}

function define(
  command: Command,
  definition: AnyCommand,
  behindDashes: readonly string[],
  found: (input: Input) => void,
): void {
  const positional = definition.arguments ?? [];
  for (const argument of positional) {
    const name = `${argument.name}${argument.variadic ? "..." : ""}`;
    command.argument(argument.optional ? `[${name}]` : `<${name}>`, argument.description);
  }
  for (const option of definition.options ?? []) {
    const value =
      option.value === undefined ? "" : option.valueOptional ? ` [${option.value}]` : ` <${option.value}>`;
    const short = option.short === undefined ? "" : `-${option.short}, `;
    const added = new Option(`${short}--${option.name}${value}`, option.description);
    if (option.value !== undefined && definition.argumentsOfTarget) added.argParser(once);
    command.addOption(added);
  }
  if (definition.json) command.option("--json", "Print JSON");
  if (definition.argumentsOfTarget) command.allowUnknownOption();
  if (definition.notes) command.addHelpText("after", `\n${definition.notes.join("\n")}`);
  command.action((...received: unknown[]) => {
    const args = Object.fromEntries(
      positional.map((argument, index) => [
        argument.name,
        argument.variadic
          ? [...((received[index] as string[] | undefined) ?? []), ...behindDashes]
          : received[index],
      ]),
    );
    found(
      new Input(
        args as Record<string, string | string[] | undefined>,
        dashed(command.opts<Record<string, string | boolean>>()),
      ),
    );
  });
}

/** The second of two values would win in silence, and may have been meant for the target. */
function once(value: string, before: unknown): string {
  if (before === undefined) return value;
  throw new InvalidArgumentError("It was given before; give it once.");
}

// Commander names "--simulate-gpus" simulateGpus; definitions use the name as it is typed.
function dashed(options: Record<string, string | boolean>): Record<string, string | boolean> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value,
    ]),
  );
}

function usageErrorOf(
  error: CommanderError,
  argv: string[],
  { path, index }: { path: IndexEntry[]; index: IndexEntry[] },
): UsageError {
  const names = ["dorian", ...path.map((entry) => entry.name)].join(" ");
  const last = path.at(-1);
  const remedy = `see \`${names} --help\`.`;
  if (error.code !== "commander.help" && error.code !== "commander.unknownCommand") {
    const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
    return new UsageError(
      `${message.charAt(0).toUpperCase()}${message.slice(1)}.`.replace(/([.?)])\.$/, "$1"),
      remedy,
    );
  }
  const entries = last?.entries ?? index;
  const unknown = argv.filter((word) => !word.startsWith("-"))[path.length];
  const commands = entries.map((entry) => entry.name).join(", ");
  return new UsageError(
    unknown === undefined
      ? `\`${names}\` needs a command: ${commands}.`
      : `\`${names}\` has no command "${unknown}"; it has ${commands}.`,
    remedy,
  );
}
