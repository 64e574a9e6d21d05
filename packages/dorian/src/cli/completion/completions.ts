import { isHelp, type AnyCommand, type OptionDefinition } from "../command.ts";
import { resolvePath, type IndexEntry } from "../index-entry.ts";
import { nounOf, type Noun } from "./nouns.ts";

/** What may be typed next. */
export interface Candidate {
  word: string;
  about: string;
}

export interface Completing {
  index: IndexEntry[];
  /** Names of things that the server, or the command line itself, knows. */
  namesOf(noun: Noun, options: ReadonlyMap<string, string>): Promise<readonly string[]>;
}

/** What may stand in the place of the last of `words`, which follow `dorian`. */
export async function completions(words: readonly string[], completing: Completing): Promise<Candidate[]> {
  const typed = words.slice(0, -1);
  const partial = words.at(-1) ?? "";
  const path = resolvePath([...typed], completing.index);
  const last = path.at(-1);
  const begins = ({ word }: Candidate) => word.startsWith(partial);
  const operands = typed.filter((word) => !word.startsWith("-"));
  if (last?.kind !== "command") {
    if (operands.length > path.length) return [];
    return partial.startsWith("-")
      ? helpOnly.filter(begins)
      : entriesOf(last?.entries ?? completing.index).filter(begins);
  }
  const { command } = await last.load();
  const line = readLine(typed, command);
  if (line.open) return (await named(nounOf(line.open.value ?? ""), line.options, completing)).filter(begins);
  if (partial.startsWith("-")) return optionsOf(command, typed).filter(begins);
  const operand = line.operands.length - path.length;
  const definitions = command.arguments ?? [];
  const rest = definitions.at(-1);
  const definition = definitions[operand] ?? (rest?.variadic ? rest : undefined);
  const names = await named(nounOf(definition?.name ?? ""), line.options, completing);
  const behind = operand === 0 ? entriesOf(last.entries ?? []) : [];
  return [...behind, ...names].filter(begins);
}

const helpOnly: Candidate[] = [{ word: "--help", about: "Show help" }];

function entriesOf(entries: IndexEntry[]): Candidate[] {
  return entries.map(({ name, summary }) => ({ word: name, about: summary }));
}

async function named(
  noun: Noun | undefined,
  options: ReadonlyMap<string, string>,
  { namesOf }: Completing,
): Promise<Candidate[]> {
  if (noun === undefined) return [];
  return (await namesOf(noun, options)).map((word) => ({ word, about: noun }));
}

function optionsOf(command: AnyCommand, typed: readonly string[]): Candidate[] {
  const own = (command.options ?? []).map(({ name, description }) => ({
    word: `--${name}`,
    about: description,
  }));
  const json = command.json ? [{ word: "--json", about: "Print JSON" }] : [];
  return [...own, ...json, ...helpOnly].filter(({ word }) => !typed.includes(word) && !typed.some(isHelp));
}

/** Operands and values of options; `open` is an option whose value is to come. */
function readLine(words: readonly string[], command: AnyCommand) {
  const withValue = new Map<string, OptionDefinition>();
  for (const option of command.options ?? []) {
    if (option.value === undefined) continue;
    withValue.set(`--${option.name}`, option);
    if (option.short !== undefined) withValue.set(`-${option.short}`, option);
  }
  const operands: string[] = [];
  const options = new Map<string, string>();
  let open: OptionDefinition | undefined;
  for (const word of words) {
    const [, name = "", value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    if (open) {
      options.set(open.name, word);
      open = undefined;
    } else if (value !== undefined) options.set(name.slice(2), value);
    else if (withValue.has(word)) open = withValue.get(word);
    else if (!word.startsWith("-")) operands.push(word);
  }
  return { operands, options, open };
}
