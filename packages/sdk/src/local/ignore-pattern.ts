/** A part of a pattern: what it takes whole, and what of it the beginning of a path may end in. */
interface Piece {
  whole: string;
  begun: string;
}

const anyNumber: Piece = { whole: "[^/]*", begun: "[^/]*" };
const anyOne: Piece = { whole: "[^/]", begun: "" };
const anything: Piece = { whole: ".*", begun: ".*" };
const anyDirectories: Piece = { whole: "(?:.*/)?", begun: ".*" };

/**
 * The meaning of a pattern as Docker has it: `*` and `?` stay within a name, `**` takes any number of directories, and at the end all
 * that is below; names that begin with a dot are nothing special. Undefined for one that is not well-formed.
 */
export function parseIgnorePattern(pattern: string): { takes: RegExp; leadsOn: RegExp } | undefined {
  const pieces = piecesOf(Array.from(pattern));
  if (!pieces) return undefined;
  const takes = pieces.map((piece) => piece.whole).join("");
  const leadsOn = pieces.reduceRight((rest, { whole, begun }) => `(?:${whole}${rest}|${begun}$)`, "$");
  return { takes: new RegExp(`^${takes}$`, "su"), leadsOn: new RegExp(`^${leadsOn}`, "su") };
}

function literal(letter: string): string {
  return `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`;
}

function piecesOf(letters: readonly string[]): Piece[] | undefined {
  const pieces: Piece[] = [];
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at];
    if (letter === "*" && letters[at + 1] === "*") {
      at += letters[at + 2] === "/" ? 2 : 1;
      const piece = doubleStar(letters, at);
      if (pieces.at(-1) !== piece) pieces.push(piece);
    } else if (letter === "*") pieces.push(anyNumber);
    else if (letter === "?") pieces.push(anyOne);
    else if (letter === "[") {
      const found = classAt(letters, at);
      if (!found) return undefined;
      pieces.push({ whole: found.whole, begun: "" });
      at = found.end;
    } else {
      const itself = letter === "\\" ? letters[++at] : letter;
      if (itself === undefined) return undefined;
      pieces.push({ whole: literal(itself), begun: "" });
    }
  }
  return pieces;
}

// Docker compares ends when plain text follows a first `**`: "**key" takes "a/my-key", too.
function doubleStar(letters: readonly string[], end: number): Piece {
  const rest = letters.slice(end + 1);
  if (rest.length === 0) return anything;
  const isEnding = end === 1 && !rest.some((letter) => /[*?[\]\\]/.test(letter));
  return isEnding ? anything : anyDirectories;
}

/** A class such as `[a-z]` or `[^a-z]`, where `\` goes before what means itself. */
function classAt(letters: readonly string[], start: number): { whole: string; end: number } | undefined {
  let at = start + 1;
  const isNegated = letters[at] === "^";
  if (isNegated) at++;
  const letter = () => {
    const found = letters[at++];
    if (found === "\\") return letters[at++];
    return found === "-" || found === "]" ? undefined : found;
  };
  let ranges = "";
  while (ranges === "" || letters[at] !== "]") {
    const from = letter();
    if (from === undefined) return undefined;
    let last: string | undefined = from;
    if (letters[at] === "-") {
      at++;
      last = letter();
    }
    if (last === undefined || (last.codePointAt(0) ?? 0) < (from.codePointAt(0) ?? 0)) return undefined;
    ranges += `${literal(from)}-${literal(last)}`;
  }
  return { whole: `[${isNegated ? "^" : ""}${ranges}]`, end: at };
}
