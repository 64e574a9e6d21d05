import { splitWords } from "./words.ts";
import { dockerfileError } from "./dockerfile-error.ts";

/** One instruction's text: continued lines joined, comments among them left out. */
export interface LogicalLine {
  /** Counted from 1. */
  line: number;
  text: string;
  /** Here-documents that follow it, in order. */
  heredocs: Heredoc[];
}

export interface Heredoc {
  /** The word that announces it, such as `<<EOF`. */
  word: string;
  name: string;
  body: string;
  /** Announced by a quoted name: nothing in it is replaced. */
  isLiteral: boolean;
}

/** Parts a Dockerfile into instructions, and finds the character that continues lines and escapes others. */
export function logicalLines(source: string): { lines: LogicalLine[]; escape: string } {
  const physical = source
    .replace(/^\uFEFF/, "")
    .replace(/\r$/, "")
    .split(/\r?\n/);
  const escape = escapeDirective(physical);
  const lines: LogicalLine[] = [];
  let index = 0;
  while (index < physical.length) {
    const first = index;
    if (isCommentOrBlank(physical[index] ?? "")) {
      index++;
      continue;
    }
    const parts: string[] = [];
    for (let goesOn = true; goesOn && index < physical.length;) {
      const next = physical[index++] ?? "";
      if (parts.length > 0 && isCommentOrBlank(next)) continue;
      const beginning = withoutContinuation(next, escape);
      goesOn = beginning !== undefined;
      parts.push(beginning ?? next);
    }
    const text = parts.join("").trim();
    const heredocs: Heredoc[] = [];
    for (const announced of /^(run|copy|add)\b/i.test(text) ? announcedHeredocs(text, escape) : []) {
      const textOf = (line: string) => (announced.indented ? line.replace(/^\t+/, "") : line);
      const body: string[] = [];
      while (index < physical.length && textOf(physical[index] ?? "") !== announced.name)
        body.push(`${textOf(physical[index++] ?? "")}\n`);
      if (index >= physical.length)
        throw dockerfileError(first + 1, `The here-document ${announced.word} has no end.`);
      index++;
      const { word, name, isLiteral } = announced;
      heredocs.push({ word, name, isLiteral, body: body.join("") });
    }
    if (text !== "") lines.push({ line: first + 1, text, heredocs });
  }
  return { lines, escape };
}

function isCommentOrBlank(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}

/** What stands before the character that continues a line; undefined where none does. Two of them stand for one. */
function withoutContinuation(line: string, escape: string): string | undefined {
  const text = line.trimEnd();
  return text.endsWith(escape) && !text.endsWith(escape + escape) ? text.slice(0, -1) : undefined;
}

// Directives are comments at the very top of the file.
function escapeDirective(physical: string[]): string {
  for (const [index, line] of physical.entries()) {
    const [beginning = "", name = ""] = /^\s*#\s*(syntax|escape|check)\s*=/i.exec(line) ?? [];
    if (name === "") break;
    if (name.toLowerCase() !== "escape") continue;
    const value = line.slice(beginning.length).trim();
    if (value === "\\" || value === "`") return value;
    throw dockerfileError(index + 1, `"${value}" cannot be the escape character.`, "Use \\ or `.");
  }
  return "\\";
}

function announcedHeredocs(
  text: string,
  escape: string,
): { word: string; name: string; indented: boolean; isLiteral: boolean }[] {
  return splitWords(text, escape).flatMap((word) => {
    const [, dash, , quoted, plain] = /^\d*<<(-?)(?:(["'])([^<]+)\2|([^\s<"']+))$/.exec(word) ?? [];
    const name = quoted ?? plain;
    if (name === undefined) return [];
    return [{ word, name, indented: dash === "-", isLiteral: quoted !== undefined }];
  });
}
