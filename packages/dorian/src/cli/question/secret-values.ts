import { AppError, messageOf } from "@dorian/base/app-error";
import { Secret } from "@dorian/sdk";
import { parseEnv } from "node:util";
import { ask } from "./ask.ts";
import type { CommandContext } from "../context.ts";
import { UsageError } from "../input.ts";
import { readAtMost } from "./read-at-most.ts";

/** More than the server takes: what is larger is no file of secrets. */
const maxFileBytes = 256 * 1024;

type Terminal = Pick<CommandContext, "stdin" | "output" | "signal">;

/** `KEY=VALUE` as a value, `KEY` and `KEY=-` as one that is to be asked for. */
export function givenValues(words: readonly string[]): Map<string, string | undefined> {
  const values = new Map<string, string | undefined>();
  for (const word of words) {
    const at = word.indexOf("=");
    const key = at < 0 ? word : word.slice(0, at);
    if (values.has(key)) throw new UsageError(`${key} was given twice.`, "give it once.");
    // Checks the name before anybody is asked for its value.
    Secret.fromObject({ [key]: "" });
    const value = at < 0 ? "-" : word.slice(at + 1);
    values.set(key, value === "-" ? undefined : value);
  }
  return values;
}

/** Fills in what is missing: asked for on a terminal without showing it, otherwise lines of standard input. */
export async function completeValues(
  values: Map<string, string | undefined>,
  terminal: Terminal,
): Promise<Record<string, string>> {
  const missing = [...values].flatMap(([key, value]) => (value === undefined ? [key] : []));
  const filled = new Map(values);
  if (terminal.stdin.isTTY) {
    for (const key of missing) filled.set(key, await ask(`${key}:`, terminal, { hidden: true }));
  } else if (missing.length > 0) {
    const text = (await readAtMost("-", maxFileBytes, terminal)).toString().replace(/\r?\n$/, "");
    // A single value may have several lines, such as a key in PEM.
    const lines = missing.length === 1 ? [text] : text.split(/\r?\n/);
    if (text === "" || lines.length !== missing.length) {
      throw new UsageError(
        `Standard input has ${text === "" ? 0 : lines.length} values for ${missing.length} keys: ${missing.join(", ")}.`,
        "give one line for each key, or run it at a terminal, which asks.",
      );
    }
    for (const [index, key] of missing.entries()) filled.set(key, lines[index] ?? "");
  }
  return Object.fromEntries(filled) as Record<string, string>;
}

export async function valuesOfDotenv(path: string, terminal: Terminal): Promise<Record<string, string>> {
  const text = (await readAtMost(path, maxFileBytes, terminal)).toString();
  return parseEnv(text) as Record<string, string>;
}

/** @throws AppError SECRET_FILE_INVALID, SECRET_VALUE_INVALID */
export async function valuesOfJson(path: string, terminal: Terminal): Promise<Record<string, string>> {
  const text = (await readAtMost(path, maxFileBytes, terminal)).toString();
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    // What a parser says of a text shows a part of it.
    throw invalidFile(path, `is not JSON${placeOf(messageOf(error))}`);
  }
  if (typeof content !== "object" || content === null || Array.isArray(content))
    throw invalidFile(path, "does not hold a JSON object");
  Secret.fromObject(content as Record<string, string>);
  return content as Record<string, string>;
}

function placeOf(message: string): string {
  const [place = ""] = /line \d+ column \d+|position \d+/.exec(message) ?? [];
  return place === "" ? "" : ` (at ${place})`;
}

function invalidFile(path: string, why: string): AppError {
  return new AppError("SECRET_FILE_INVALID", `${path === "-" ? "Standard input" : path} ${why}.`, {
    status: "INVALID_ARGUMENT",
    remedy: 'Give an object of texts, such as {"HF_TOKEN": "hf_…"}.',
  });
}
