import { UsageError } from "../input.ts";
import type { ValueType } from "./parameters.ts";

/** Text of an option, or a bare flag: `--force` is true and `--no-force` is false. */
export type Given = string | boolean;

/**
 * What was typed as a value of the type that the target's default tells. Of a parameter without one, JSON becomes what it
 * denotes and any other text stays text. Nothing is rounded. `option` is how the parameter is typed.
 *
 * @throws UsageError
 */
export function convertText(given: Given, type: ValueType | undefined, option: string): unknown {
  const takes = (what: string) => new UsageError(`${option} takes ${what}, not "${given}".`, seeHelp);
  if (type === "boolean") {
    if (given === true || given === "true") return true;
    if (given === false || given === "false") return false;
    throw takes("true or false");
  }
  if (typeof given === "boolean") {
    if (type === undefined) return given;
    throw new UsageError(
      `${option} needs a value.`,
      `write ${option} <${type}>; a value that begins with -- is written ${option}=--value.`,
    );
  }
  switch (type) {
    case "string":
      return given;
    case "number":
      return numberOf(given, option);
    case "integer": {
      if (!isInteger(given)) throw takes("a whole number");
      const value = BigInt(given.trim().replace("+", ""));
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    }
    case "bigint":
      if (!isInteger(given)) throw takes("a whole number");
      return BigInt(given.trim().replace("+", ""));
    case "date": {
      const date = dateOf(given.trim());
      if (!date) throw takes("a date such as 2024-01-31 or 2024-01-31T12:00:00Z");
      return date;
    }
    case "list": {
      const list = jsonOf(given, option);
      if (!Array.isArray(list)) throw takes("a list in JSON such as '[1, 2]'");
      return list;
    }
    case "object": {
      const object = jsonOf(given, option);
      if (typeof object !== "object" || object === null || Array.isArray(object))
        throw takes(`an object in JSON such as '{"a": 1}'`);
      return object;
    }
    case undefined: {
      const value = jsonOf(given, option);
      return value === undefined ? given : value;
    }
  }
}

const seeHelp = "--help behind the target shows its arguments with their defaults.";

function isInteger(text: string): boolean {
  return /^\s*[-+]?\d+\s*$/.test(text);
}

function numberOf(text: string, option: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new UsageError(`${option} takes a number, not "${text}".`, seeHelp);
  if (isLost(text, value)) {
    throw new UsageError(
      `${option} takes a number, and ${text} is more than a number of JavaScript holds exactly.`,
      "give the parameter a default that is text or a bigint (0n), which hold any number of digits.",
    );
  }
  return value;
}

/** True for a number whose digits a number of JavaScript does not hold. */
function isLost(text: string, value: number): boolean {
  if (isInteger(text))
    return !Number.isSafeInteger(value) && BigInt(value) !== BigInt(text.trim().replace("+", ""));
  return !Number.isFinite(value) && !/infinity/i.test(text);
}

/** What JSON denotes; undefined for text that is none, and for a number that would be rounded: as text it is whole. */
function jsonOf(text: string, option: string): unknown {
  const lost: string[] = [];
  const reviver = (_: string, value: unknown, { source }: { source?: string } = {}) => {
    if (typeof value === "number" && source !== undefined && isLost(source, value)) lost.push(source);
    return value;
  };
  let value: unknown;
  try {
    value = JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
  } catch {
    // Not JSON, so it is text: nobody should have to quote a name twice.
    return undefined;
  }
  if (lost.length === 0) return value;
  if (typeof value === "number") return undefined;
  throw new UsageError(
    `${option} holds ${lost[0]}, which is more than a number of JavaScript holds exactly.`,
    "put it in quotes, as text.",
  );
}

function dateOf(text: string): Date | undefined {
  const form = /^(\d{4})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[-+]\d\d:?\d\d)?)?$/;
  const [, year, month, day] = form.exec(text) ?? [];
  const date = new Date(text);
  // A day that a month does not have would be one of the next.
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return year !== undefined && isDay && !Number.isNaN(date.getTime()) ? date : undefined;
}
