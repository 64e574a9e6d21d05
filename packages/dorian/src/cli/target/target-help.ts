import type { TargetSignature } from "./map-arguments.ts";
import { optionText, type Parameter, type ValueParameter } from "./parameters.ts";

/** Longer defaults are cut: the code tells them. */
const maxDefaultLength = 50;

/** What a target can be given on the command line, with its defaults. */
export function targetHelp(target: string, { name, classParameters, parameters }: TargetSignature): string {
  const rows = [...classParameters, ...parameters].flatMap(rowsOf);
  const width = Math.max(0, ...rows.map(([option]) => option.length));
  const lines = rows.map(([option, text]) => `  ${option.padEnd(width)}  ${text}`.trimEnd());
  return [
    `Usage: dorian run ${target}${rows.length > 0 ? " [arguments]" : ""}`,
    "",
    ...(rows.length > 0 ? [`Arguments of ${lowerFirst(name)}:`, ...lines] : [`${name} takes no arguments.`]),
    "",
    "Options of the command itself: dorian run --help",
  ].join("\n");
}

function rowsOf(parameter: Parameter): [option: string, text: string][] {
  switch (parameter.kind) {
    case "value":
      return [[optionText(parameter), textOf(parameter)]];
    case "object":
      return parameter.properties.map((property) => [optionText(property), textOf(property)]);
    case "rest":
      return [[`[${parameter.name}...]`, "any further values"]];
  }
}

function textOf({ optional, default: text }: ValueParameter): string {
  if (text === undefined) return optional ? "" : "required";
  const line = text.replaceAll(/\s+/g, " ");
  return `default: ${line.length > maxDefaultLength ? `${line.slice(0, maxDefaultLength)}…` : line}`;
}

function lowerFirst(name: string): string {
  return name.startsWith("The ") ? `t${name.slice(1)}` : name;
}
