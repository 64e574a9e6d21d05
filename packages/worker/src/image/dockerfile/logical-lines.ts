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
  const physical = source.split(/\r?\n/);
  const escape = escapeDirective(physical);
  const continued = escape === "`" ? /`[ \t]*$/ : /\\[ \t]*$/;
  const lines: LogicalLine[] = [];
  let index = 0;
  while (index < physical.length) {
    const first = index;
    const start = physical[index++] ?? "";
    if (isCommentOrBlank(start)) continue;
    let text = start;
    while (continued.test(text) && index < physical.length) {
      const next = physical[index++] ?? "";
      if (!isCommentOrBlank(next)) text = text.replace(continued, "") + next;
    }
    text = text.replace(continued, "").trim();
    const heredocs: Heredoc[] = [];
    for (const announced of /^(run|copy|add)\b/i.test(text) ? announcedHeredocs(text, escape) : []) {
      const end = physical.findIndex(
        (line, at) =>
          at >= index && (announced.indented ? line.replace(/^\t+/, "") : line) === announced.name,
      );
      if (end < 0) throw dockerfileError(first + 1, `The here-document ${announced.word} has no end.`);
      const body = physical
        .slice(index, end)
        .map((line) => (announced.indented ? line.replace(/^\t+/, "") : line));
      heredocs.push({
        word: announced.word,
        name: announced.name,
        isLiteral: announced.isLiteral,
        body: body.map((line) => `${line}\n`).join(""),
      });
      index = end + 1;
    }
    lines.push({ line: first + 1, text, heredocs });
  }
  return { lines, escape };
}

function isCommentOrBlank(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}

// Directives are comments at the very top of the file.
function escapeDirective(physical: string[]): string {
  for (const line of physical) {
    const directive = /^#\s*(\w+)\s*=\s*(\S+)\s*$/.exec(line);
    if (!directive) break;
    if (directive[1]?.toLowerCase() === "escape") return directive[2] === "`" ? "`" : "\\";
  }
  return "\\";
}

function announcedHeredocs(
  text: string,
  escape: string,
): { word: string; name: string; indented: boolean; isLiteral: boolean }[] {
  return splitWords(text, escape).flatMap((word) => {
    const match = /^\d*<<(-?)(["']?)([A-Za-z_][\w.]*)\2$/.exec(word);
    if (!match) return [];
    return [{ word, name: match[3] ?? "", indented: match[1] === "-", isLiteral: match[2] !== "" }];
  });
}
