/** What steers a terminal, ends a line, or turns the order of letters round. */
const steering = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;
const escape = "\u001B";
const colorsAndSteering = new RegExp(String.raw`${escape}\[[\d;]*m|${steering.source}`, "gu");

/**
 * A text of others, such as the name of a file, for people: what a terminal would obey is shown as \xhh, a byte each, by
 * which commands take it as well.
 */
export function visibleText(text: string): string {
  return text.replaceAll(steering, asBytes);
}

/** Several lines that may hold texts of others. Our own colours stay, where there are any. */
export function visibleLines(text: string, { colored }: { colored: boolean }): string {
  return text.replaceAll(colored ? colorsAndSteering : steering, (part) =>
    part === "\n" || part === "\t" || part.length > 1 ? part : asBytes(part),
  );
}

/** A value for programs, which a person may look at. */
export function visibleJson(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2));
}

/** The same on one line, for one of many. */
export function visibleJsonLine(value: unknown): string {
  return escaped(JSON.stringify(value));
}

function escaped(json: string): string {
  return json.replaceAll(steering, (letter) =>
    letter === "\n" ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function asBytes(letter: string): string {
  return [...Buffer.from(letter)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
