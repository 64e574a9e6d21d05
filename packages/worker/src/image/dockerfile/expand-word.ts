import { replacePattern, withoutPrefix, withoutSuffix } from "./shell-pattern.ts";

export interface Expansion {
  /** Value of a variable, or undefined when it is not set. */
  lookup: (name: string) => string | undefined;
  /** Character before one that means itself. */
  escape: string;
  /** Quotes are letters like others, as in the text of a file. */
  quotesAreText?: boolean;
  /** Throws what is wrong with the text. */
  fail: (problem: string) => never;
}

/** Variables inside of variables' defaults; who writes a Dockerfile may mean harm. */
const maxDepth = 100;
/** Letters that variables put into one text: eight of the longest that the kernel takes for a variable. */
const maxMade = 1024 * 1024;

/**
 * Removes quotes and escapes and puts in variables, as Docker does outside RUN: `$A`, `${A}`; `-`, `+` and `?` with and without a colon;
 * `#`, `##`, `%`, `%%`, `/` and `//` with patterns. Nothing is replaced between single quotes.
 */
export function expandWord(text: string, expansion: Expansion): string {
  return new WordReader(text, expansion).read("", { keepEscapes: false });
}

class WordReader {
  #text: string;
  #at = 0;
  #depth = 0;
  #made = 0;
  #expansion: Expansion;

  constructor(text: string, expansion: Expansion) {
    this.#text = text;
    this.#expansion = expansion;
  }

  /** Up to one of the letters in `stops`, which is taken, or to the end where there are none. */
  read(stops: string, { keepEscapes }: { keepEscapes: boolean }): string {
    const { escape, quotesAreText = false } = this.#expansion;
    let out = "";
    while (this.#at < this.#text.length) {
      const letter = this.#next();
      if (stops.includes(letter)) return out;
      if (letter === "'" && !quotesAreText) out += this.#single();
      else if (letter === '"' && !quotesAreText) out += this.#double();
      else if (letter === "$") out += this.#bounded(this.#variable());
      else if (letter === escape) out += (keepEscapes ? escape : "") + this.#next();
      else out += letter;
    }
    if (stops !== "") this.#fail(`"${this.#text}" has a \${ without its }.`);
    return out;
  }

  #next(): string {
    return this.#text.charAt(this.#at++);
  }

  #single(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end < 0) this.#fail(`"${this.#text}" has a single quote that does not end.`);
    const inside = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return inside;
  }

  #double(): string {
    const { escape } = this.#expansion;
    let out = "";
    while (this.#at < this.#text.length) {
      const letter = this.#next();
      if (letter === '"') return out;
      if (letter === "$") out += this.#bounded(this.#variable());
      // Between double quotes an escape stays before what needs none.
      else if (letter === escape && ['"', "$", escape].includes(this.#text.charAt(this.#at)))
        out += this.#next();
      else out += letter;
    }
    return this.#fail(`'${this.#text}' has a double quote that does not end.`);
  }

  /** A variable may be made of others, and each of those of others. */
  #bounded(value: string): string {
    this.#made += value.length;
    if (this.#made > maxMade) this.#fail(`variables make more than ${maxMade} letters of it.`);
    return value;
  }

  #variable(): string {
    if (this.#text.charAt(this.#at) !== "{") {
      const name = this.#name();
      return name === "" ? "$" : (this.#expansion.lookup(name) ?? "");
    }
    this.#at++;
    if (++this.#depth > maxDepth) this.#fail("variables stand in each other too often.");
    const value = this.#substitution();
    this.#depth--;
    return value;
  }

  // What the shell has names such as $1 and $? for is never set here.
  #name(): string {
    const [name = ""] =
      /^(?:[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+|[@*#?$!-])/u.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += name.length;
    return name;
  }

  #substitution(): string {
    const start = this.#at;
    const name = this.#name();
    const value = this.#expansion.lookup(name);
    const operator = /^(?:}|:?[-+?]|##?|%%?|\/\/?)/.exec(this.#text.slice(this.#at))?.[0];
    if (name === "" || operator === undefined) {
      const shown = this.#text.slice(start, start + 40);
      return this.#fail(`"\${${shown}" is not understood.`);
    }
    this.#at += operator.length;
    switch (operator) {
      case "}":
        return value ?? "";
      case "#":
      case "##":
        return withoutPrefix(value ?? "", this.#pattern("}"), {
          ...this.#matching,
          longest: operator === "##",
        });
      case "%":
      case "%%":
        return withoutSuffix(value ?? "", this.#pattern("}"), {
          ...this.#matching,
          longest: operator === "%%",
        });
      case "/":
      case "//": {
        const pattern = this.#pattern("/");
        const replacement = this.read("}", { keepEscapes: true });
        return replacePattern(value ?? "", pattern, {
          ...this.#matching,
          replacement,
          all: operator === "//",
        });
      }
      default:
        return this.#conditional(name, value, operator);
    }
  }

  #conditional(name: string, value: string | undefined, operator: string): string {
    const word = this.read("}", { keepEscapes: false });
    const isSet = operator.startsWith(":") ? (value ?? "") !== "" : value !== undefined;
    if (operator.endsWith("+")) return isSet ? word : "";
    if (isSet) return value ?? "";
    if (operator.endsWith("-")) return word;
    return this.#fail(`${name} ${word === "" ? "has no value, and the line requires one" : `: ${word}`}.`);
  }

  #pattern(stop: string): string {
    return this.read(stop, { keepEscapes: true });
  }

  get #matching() {
    return { escape: this.#expansion.escape, fail: this.#expansion.fail };
  }

  #fail(problem: string): never {
    return this.#expansion.fail(problem);
  }
}
