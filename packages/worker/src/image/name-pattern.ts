/** One letter of a pattern: what it takes, or any number of letters. */
type Piece = "any number" | ((letter: string) => boolean);

/**
 * A pattern for one name, as Docker's COPY has them: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before a letter that means itself.
 * Undefined for one that is not well-formed. Takes time in proportion to name and pattern: who writes a pattern may mean harm.
 */
export function namePattern(pattern: string): ((name: string) => boolean) | undefined {
  const pieces = piecesOf(pattern);
  return pieces && ((name) => matches(pieces, Array.from(name)));
}

function piecesOf(pattern: string): Piece[] | undefined {
  const letters = Array.from(pattern);
  const pieces: Piece[] = [];
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at];
    if (letter === "*") {
      if (pieces.at(-1) !== "any number") pieces.push("any number");
    } else if (letter === "?") pieces.push(() => true);
    else if (letter === "[") {
      const end = endOfClass(letters, at);
      if (end === undefined) return undefined;
      const takes = classOf(letters.slice(at + 1, end));
      if (!takes) return undefined;
      pieces.push(takes);
      at = end;
    } else {
      const itself = letter === "\\" ? letters[++at] : letter;
      if (itself === undefined) return undefined;
      pieces.push((other) => other === itself);
    }
  }
  return pieces;
}

function endOfClass(letters: readonly string[], start: number): number | undefined {
  for (let at = start + 1; at < letters.length; at++) {
    if (letters[at] === "\\") at++;
    else if (letters[at] === "]") return at;
  }
  return undefined;
}

function classOf(content: readonly string[]): ((letter: string) => boolean) | undefined {
  const isNegated = content[0] === "^";
  const ranges: [from: string, to: string][] = [];
  let at = isNegated ? 1 : 0;
  const next = () => (content[at] === "\\" ? content[(at += 2) - 1] : content[at++]);
  while (at < content.length) {
    const from = next();
    if (content[at] === "-") at++;
    else {
      if (from !== undefined) ranges.push([from, from]);
      continue;
    }
    const to = next();
    if (from === undefined || to === undefined) return undefined;
    ranges.push([from, to]);
  }
  if (ranges.length === 0) return undefined;
  return (letter) => ranges.some(([from, to]) => from <= letter && letter <= to) !== isNegated;
}

// Where the letters after a star do not fit, the star takes one more; a star before it never has to take more than it did.
function matches(pieces: readonly Piece[], name: readonly string[]): boolean {
  let at = 0;
  let piece = 0;
  let star: { piece: number; at: number } | undefined;
  while (at < name.length) {
    const next = pieces[piece];
    if (next === "any number") star = { piece: ++piece, at };
    else if (next?.(name[at] ?? "")) {
      at++;
      piece++;
    } else if (star) {
      star.at++;
      ({ piece, at } = star);
    } else return false;
  }
  return pieces.slice(piece).every((rest) => rest === "any number");
}
