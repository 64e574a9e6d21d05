import { pickledKey } from "@dorian/protocol/value/pickle/pickled-key";
import { pickleValue } from "@dorian/protocol/value/pickle/write-pickle";
import type { OptionDefinition } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { UsageError, type Input } from "../input.ts";
import { readAtMost } from "../question/read-at-most.ts";
import { convertText } from "../target/convert-text.ts";

/** What a request may carry, about. */
const maxBytes = 64 * 2 ** 20;

export const textOption: OptionDefinition = {
  name: "text",
  description: "Take a value as text, JSON or not",
};
export const keyOption: OptionDefinition = {
  name: "json-key",
  description: "Read the key as JSON, such as 123 or true; otherwise it is text",
};

/** A value that was typed, or standard input for "-", as every official client reads it. */
export async function givenItem(
  text: string,
  input: Input,
  context: Pick<CommandContext, "stdin" | "signal">,
): Promise<Uint8Array> {
  const given = text === "-" ? (await readAtMost("-", maxBytes, context)).toString() : text;
  const value = input.flag("text") ? given : convertText(given, undefined, "The value");
  return pickleValue(value, "the value");
}

export function givenKey(input: Input): Uint8Array {
  const text = input.argument("key");
  if (!input.flag("json-key")) return pickledKey(text);
  const key = convertText(text, undefined, "--json-key");
  const isScalar = key === null || ["string", "number", "boolean"].includes(typeof key);
  if (!isScalar)
    throw new UsageError(`${text} cannot be a key.`, "use a text, a number, true, false or null.");
  return pickledKey(key as string | number | boolean | null);
}
