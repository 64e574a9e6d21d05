import { UsageError } from "../input.ts";
import { convertText, type Given } from "./convert-text.ts";
import { nearestName } from "../lookup/nearest-name.ts";
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

type Slot = { name: string; type?: ValueType | undefined } & (
  | { owner: "class" }
  | { owner: "call"; index: number; property: boolean }
);

/**
 * Turns what follows a target on the command line into arguments. Options go by parameter name, in kebab or camel case, each at most
 * once; the rest fills the call's parameters in order. Behind `--` what names no parameter is a value, and behind a second one
 * everything is.
 *
 * @throws UsageError
 */
export function mapArguments(tokens: string[], signature: TargetSignature): MappedArguments {
  const slots = slotsOf(signature);
  const { named, positional } = readTokens(tokens, slots, signature);
  const classParameters: Record<string, unknown> = {};
  const args: unknown[] = [];
  const filled = new Set<number>();
  const given = new Set<Slot>();

  for (const { slot, value: text } of named) {
    const option = optionName(slot.name);
    if (given.has(slot)) {
      throw new UsageError(`${option} is given twice.`, "give it once; a list is one value, in JSON.");
    }
    given.add(slot);
    const value = convertText(text, slot.type, option);
    if (slot.owner === "class") classParameters[slot.name] = value;
    else if (!slot.property) args[slot.index] = value;
    else args[slot.index] = Object.assign(args[slot.index] ?? {}, { [slot.name]: value });
    if (slot.owner === "call") filled.add(slot.index);
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
    if (parameter.kind === "rest") continue;
    const isProperty = parameter.kind === "object";
    for (const { name, type } of isProperty ? parameter.properties : [parameter])
      slots.set(normal(name), { owner: "call", index, property: isProperty, name, type });
  }
  for (const parameter of classParameters) {
    if (parameter.kind !== "value") continue;
    slots.set(normal(parameter.name), { owner: "class", name: parameter.name, type: parameter.type });
  }
  return slots;
}

function readTokens(tokens: readonly string[], slots: ReadonlyMap<string, Slot>, signature: TargetSignature) {
  const named: { slot: Slot; value: Given }[] = [];
  const positional: string[] = [];
  let dashes = 0;
  for (let index = 0; index < tokens.length; index++) {
    const word = tokens[index] ?? "";
    if (word === "--" && dashes < 2) {
      dashes += 1;
      continue;
    }
    const [, option, text] = /^--([A-Za-z_][\w-]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
    const found = option === undefined || dashes > 1 ? undefined : findSlot(slots, option);
    if (!found) {
      if (dashes === 0) refuseOption(word, option, slots, signature);
      positional.push(word);
      continue;
    }
    const next = tokens[index + 1];
    if (text !== undefined) {
      if (found.negated)
        throw new UsageError(
          `--${option} takes no value.`,
          `write ${optionName(found.slot.name)}=${text} instead.`,
        );
      named.push({ slot: found.slot, value: text });
    } else if (found.negated || isBare(found.slot, next)) {
      named.push({ slot: found.slot, value: !found.negated });
    } else {
      named.push({ slot: found.slot, value: next ?? "" });
      index++;
    }
  }
  return { named, positional };
}

/** True when an option stands without a value: a flag does not take the next argument for one. */
function isBare(slot: Slot, next: string | undefined): boolean {
  if (next === undefined || next.startsWith("--")) return true;
  return slot.type === "boolean" && !/^(true|false)$/.test(next);
}

function findSlot(
  slots: ReadonlyMap<string, Slot>,
  option: string,
): { slot: Slot; negated: boolean } | undefined {
  const slot = slots.get(normal(option));
  if (slot) return { slot, negated: false };
  const negated = option.startsWith("no-") ? slots.get(normal(option.slice(3))) : undefined;
  return negated && { slot: negated, negated: true };
}

/** A word that begins with a dash and is no negative number is meant as an option. */
function refuseOption(
  word: string,
  option: string | undefined,
  slots: ReadonlyMap<string, Slot>,
  signature: TargetSignature,
): void {
  if (option === undefined) {
    if (!/^-+[A-Za-z_]/.test(word)) return;
    throw new UsageError(
      `${signature.name} has no option "${word}".`,
      `${remedy(signature)}; a value that begins with a dash goes behind --.`,
    );
  }
  const names = [...slots.values()].map(({ name }) => optionName(name));
  const near = nearestName(`--${option}`, names);
  throw new UsageError(
    `${signature.name} has no parameter "${option}".`,
    near === undefined ? remedy(signature) : `did you mean ${near}? ${remedy(signature)}`,
  );
}

function placePositional(
  texts: string[],
  into: { args: unknown[]; filled: Set<number>; signature: TargetSignature },
): void {
  const { args, filled, signature } = into;
  const queue = [...texts];
  for (const [index, parameter] of signature.parameters.entries()) {
    if (parameter.kind === "rest") {
      // What was left out before them keeps its place.
      while (queue.length > 0 && args.length < index) args.push(undefined);
      args.push(...queue.splice(0).map((text) => convertText(text, undefined, parameter.name)));
    } else if (parameter.kind === "value" && !filled.has(index) && queue.length > 0) {
      args[index] = convertText(queue.shift() ?? "", parameter.type, optionName(parameter.name));
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
    throw new UsageError(
      `${signature.name} needs ${missing.join(" and ")}.`,
      `${remedy(signature)}; what may be left out has a default in the code, such as undefined.`,
    );
}

function remedy(signature: TargetSignature): string {
  const usage = [usageOf(signature.classParameters), usageOf(signature.parameters)].filter(Boolean).join(" ");
  return usage === "" ? `${signature.name} takes no arguments.` : `usage: ${signature.name} ${usage}`;
}

function normal(name: string): string {
  return name.replaceAll(/[-_]/g, "").toLowerCase();
}
