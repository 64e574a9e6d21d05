/** Value of a variable, or undefined when it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Parts `text` at blanks outside quotes. Quotes and escapes stay as they are, for `expandWord`. */
export function splitWords(text: string, escape = "\\"): string[] {
  const words: string[] = [];
  let word = "";
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === escape && quote !== "'") {
      word += char + text.charAt(++index);
      continue;
    }
    if (quote === "" && /\s/.test(char)) {
      if (word !== "") words.push(word);
      word = "";
      continue;
    }
    if (char === quote) quote = "";
    else if (quote === "" && (char === '"' || char === "'")) quote = char;
    word += char;
  }
  if (word !== "") words.push(word);
  return words;
}

/**
 * Removes quotes and escapes and puts in variables, as Docker does outside RUN: `$A`, `${A}`, `${A:-default}`,
 * `${A:+other}`; nothing between single quotes.
 */
export function expandWord(text: string, lookup: Lookup, escape = "\\"): string {
  let out = "";
  let quote = "";
  let index = 0;
  while (index < text.length) {
    const char = text.charAt(index);
    const next = text.charAt(index + 1);
    if (quote === "'" && char !== "'") {
      out += char;
      index++;
    } else if (char === "'" && quote !== '"') {
      quote = quote === "'" ? "" : "'";
      index++;
    } else if (char === '"') {
      quote = quote === '"' ? "" : '"';
      index++;
    } else if (char === escape && next !== "") {
      // Between double quotes an escape stays before what needs none.
      out += quote === '"' && !['"', "$", escape].includes(next) ? char + next : next;
      index += 2;
    } else if (char === "$") {
      const variable = readVariable(text, index, lookup, escape);
      out += variable.value;
      index = variable.end;
    } else {
      out += char;
      index++;
    }
  }
  return out;
}

function readVariable(
  text: string,
  start: number,
  lookup: Lookup,
  escape: string,
): { value: string; end: number } {
  const plain = /^\$([A-Za-z_]\w*)/.exec(text.slice(start));
  if (plain) return { value: lookup(plain[1] ?? "") ?? "", end: start + plain[0].length };
  const head = /^\$\{([A-Za-z_]\w*)(?:(:?[-+])|\})/.exec(text.slice(start));
  if (!head) return { value: "$", end: start + 1 };
  const [whole, name = "", operator] = head;
  const value = lookup(name);
  if (operator === undefined) return { value: value ?? "", end: start + whole.length };
  const wordStart = start + whole.length;
  const wordEnd = closingBrace(text, wordStart);
  const word = () => expandWord(text.slice(wordStart, wordEnd), lookup, escape);
  const isSet = operator.startsWith(":") ? (value ?? "") !== "" : value !== undefined;
  const chosen = operator.endsWith("-") ? (isSet ? (value ?? "") : word()) : isSet ? word() : "";
  return { value: chosen, end: Math.min(wordEnd + 1, text.length) };
}

function closingBrace(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    if (text.startsWith("${", index)) depth++;
    if (text.charAt(index) === "}" && --depth === 0) return index;
  }
  return text.length;
}
