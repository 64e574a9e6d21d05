import { UsageError } from "../input.ts";
import { optionName, type Parameter, usageOf, type ValueType } from "./parameters.ts";

/** What is called, and with what it is constructed if it belongs to a class. */
export interface TargetSignature {
  /** As typed on the command line, for messages. */
  name: string;
  classParameters: Parameter[];
  parameters: Parameter[];
}

export interface MappedArguments {
  classParameters: Record<string, unknown>;
  args: unknown[];
}

type Slot =
  | { owner: "class"; name: string; type?: ValueType | undefined }
  | { owner: "call"; index: number; property?: string; type?: ValueType | undefined };

/** Text of an option, or a bare flag: `--force` is true and `--no-force` is false. */
type Given = string | boolean;

/**
 * Turns what follows a target on the command line into arguments. Options go by parameter name, in kebab or camel case;
 * the rest fills the call's parameters in order. A value that is JSON becomes what it denotes, any other text stays text.
 *
 * @throws UsageError
 */
export function mapArguments(tokens: string[], signature: TargetSignature): MappedArguments {
  const slots = slotsOf(signature);
  const { named, positional } = readTokens(tokens, (name) => slots.get(name)?.type === "boolean");
  const classParameters: Record<string, unknown> = {};
  const args: unknown[] = [];
  const filled = new Set<number>();

  for (const { option, given } of named) {
    const found = findSlot(slots, option, given, signature);
    const value = convert(found.given, found.slot.type, option);
    if (found.slot.owner === "class") classParameters[found.slot.name] = value;
    else if (found.slot.property === undefined) args[found.slot.index] = value;
    else
      args[found.slot.index] = Object.assign(args[found.slot.index] ?? {}, { [found.slot.property]: value });
    if (found.slot.owner === "call") filled.add(found.slot.index);
  }
  placePositional(positional, { args, filled, signature });
  requireAll({ args, filled, classParameters, signature });
  for (const [index, parameter] of signature.parameters.entries()) {
    // A destructured parameter without a default would fail on undefined before the user's code could say why.
    if (parameter.kind === "object") args[index] ??= {};
  }
  return { classParameters, args: Array.from(args) };
}

function slotsOf({ classParameters, parameters }: TargetSignature): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const [index, parameter] of parameters.entries()) {
    if (parameter.kind === "value") {
      slots.set(normal(parameter.name), { owner: "call", index, type: parameter.type });
    } else if (parameter.kind === "object") {
      for (const property of parameter.properties)
        slots.set(normal(property), { owner: "call", index, property });
    }
  }
  for (const parameter of classParameters) {
    if (parameter.kind === "value") {
      slots.set(normal(parameter.name), { owner: "class", name: parameter.name, type: parameter.type });
    }
  }
  return slots;
}

function readTokens(tokens: string[], isFlag: (name: string) => boolean) {
  const named: { option: string; given: Given }[] = [];
  const positional: string[] = [];
  const words = tokens.filter((token) => token !== "--");
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const [, option, text] = /^--([A-Za-z_][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    if (option === undefined) {
      positional.push(word);
      continue;
    }
    const next = words[index + 1];
    if (text !== undefined) named.push({ option, given: text });
    else if (
      next === undefined ||
      next.startsWith("--") ||
      (isFlag(normal(option)) && !/^(true|false)$/.test(next))
    ) {
      named.push({ option, given: true });
    } else {
      named.push({ option, given: next });
      index++;
    }
  }
  return { named, positional };
}

function findSlot(slots: Map<string, Slot>, option: string, given: Given, signature: TargetSignature) {
  const slot = slots.get(normal(option));
  if (slot) return { slot, given };
  const negated = option.startsWith("no-") && given === true ? slots.get(normal(option.slice(3))) : undefined;
  if (negated) return { slot: negated, given: false };
  throw new UsageError(`${signature.name} has no parameter "${option}".`, remedy(signature));
}

function placePositional(
  texts: string[],
  into: { args: unknown[]; filled: Set<number>; signature: TargetSignature },
): void {
  const { args, filled, signature } = into;
  const queue = [...texts];
  for (const [index, parameter] of signature.parameters.entries()) {
    if (parameter.kind === "rest") {
      args.push(...queue.splice(0).map((text) => convert(text, undefined, parameter.name)));
    } else if (parameter.kind === "value" && !filled.has(index) && queue.length > 0) {
      args[index] = convert(queue.shift() ?? "", parameter.type, parameter.name);
      filled.add(index);
    }
  }
  if (queue.length > 0) {
    throw new UsageError(
      `${signature.name} has no parameter for ${queue.map((text) => `"${text}"`).join(", ")}.`,
      remedy(signature),
    );
  }
}

function requireAll(state: {
  args: unknown[];
  filled: Set<number>;
  classParameters: Record<string, unknown>;
  signature: TargetSignature;
}): void {
  const { filled, classParameters, signature } = state;
  const missing = [
    ...signature.classParameters.filter(
      (parameter) =>
        parameter.kind === "value" && !parameter.optional && !(parameter.name in classParameters),
    ),
    ...signature.parameters.filter(
      (parameter, index) => parameter.kind === "value" && !parameter.optional && !filled.has(index),
    ),
  ].flatMap((parameter) => (parameter.kind === "value" ? [optionName(parameter.name)] : []));
  if (missing.length > 0)
    throw new UsageError(`${signature.name} needs ${missing.join(" and ")}.`, remedy(signature));
}

function convert(given: Given, type: ValueType | undefined, option: string): unknown {
  if (type === "boolean") {
    if (given === true || given === "true") return true;
    if (given === false || given === "false") return false;
    throw new UsageError(`--${option} takes true or false, not "${given}".`);
  }
  if (typeof given === "boolean") {
    if (type === undefined) return given;
    throw new UsageError(`--${option} needs a value.`);
  }
  if (type === "string") return given;
  if (type === "number") {
    const value = given.trim() === "" ? Number.NaN : Number(given);
    if (Number.isNaN(value)) throw new UsageError(`--${option} takes a number, not "${given}".`);
    return value;
  }
  try {
    return JSON.parse(given) as unknown;
  } catch {
    // Not JSON, so it is text: nobody should have to quote a name twice.
    return given;
  }
}

function remedy(signature: TargetSignature): string {
  const usage = [usageOf(signature.classParameters), usageOf(signature.parameters)].filter(Boolean).join(" ");
  return usage === "" ? `${signature.name} takes no arguments.` : `usage: ${signature.name} ${usage}`;
}

function normal(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}
