interface Matching {
  escape: string;
  fail: (problem: string) => never;
}

/** One letter of a pattern: what it takes, or any number of letters. */
type Piece = "any number" | "any" | { letter: string };

/** Letters of a value times those of a pattern: what a line may cost the worker, whoever wrote it. */
const maxSteps = 4_000_000;

/** What is left of a value without the shortest or longest beginning that the pattern takes. */
export function withoutPrefix(
  value: string,
  pattern: string,
  options: Matching & { longest: boolean },
): string {
  const letters = Array.from(value);
  const [end = -1] = endsOf(piecesOf(pattern, options), letters, options);
  return letters.slice(Math.max(0, end)).join("");
}

/** What is left of a value without the shortest or longest end that the pattern takes. */
export function withoutSuffix(
  value: string,
  pattern: string,
  options: Matching & { longest: boolean },
): string {
  const letters = Array.from(value);
  const [end = -1] = endsOf(piecesOf(pattern, options).toReversed(), letters.toReversed(), options);
  return letters.slice(0, letters.length - Math.max(0, end)).join("");
}

/** A value in which the first part that the pattern takes, or all of them, are replaced. */
export function replacePattern(
  value: string,
  pattern: string,
  options: Matching & { replacement: string; all: boolean },
): string {
  const letters = Array.from(value);
  const pieces = piecesOf(pattern, options);
  const ends = endsOf(pieces, letters, { ...options, longest: true });
  if (letters.length === 0) return pieces.length > 0 && ends[0] === 0 ? options.replacement : "";
  let out = "";
  for (let at = 0, isDone = false; at < letters.length;) {
    const end = ends[at] ?? -1;
    if (isDone || end <= at) out += letters[at++] ?? "";
    else {
      out += options.replacement;
      at = end;
      isDone = !options.all;
    }
  }
  return out;
}

function piecesOf(pattern: string, { escape, fail }: Matching): Piece[] {
  const letters = Array.from(pattern);
  const pieces: Piece[] = [];
  for (let at = 0; at < letters.length; at++) {
    const letter = letters[at] ?? "";
    if (letter === "*") pieces.push("any number");
    else if (letter === "?") pieces.push("any");
    else if (letter === escape) {
      const itself = letters[++at];
      if (itself === undefined) fail(`the pattern "${pattern}" ends with its escape character.`);
      pieces.push({ letter: itself ?? "" });
    } else pieces.push({ letter });
  }
  return pieces;
}

/** Finds, for each beginning, where the match that starts there ends, the nearest or furthest; -1 where none does. */
function endsOf(
  pieces: readonly Piece[],
  letters: readonly string[],
  { longest, fail }: { longest: boolean; fail: (problem: string) => never },
): number[] {
  if (pieces.length * letters.length > maxSteps) fail("a value is too long for the pattern in it.");
  const better = (one: number, other: number) =>
    one < 0 || other < 0 ? Math.max(one, other) : longest ? Math.max(one, other) : Math.min(one, other);
  // Of what follows a piece, from the last on.
  let after = Array.from({ length: letters.length + 1 }, (_, at) => at);
  for (const piece of pieces.toReversed()) {
    const ends = Array.from({ length: letters.length + 1 }, () => -1);
    for (let at = letters.length; at >= 0; at--) {
      const rest = after[at] ?? -1;
      const further = ends[at + 1] ?? -1;
      if (piece === "any number") ends[at] = better(rest, further);
      else if (at < letters.length && (piece === "any" || piece.letter === letters[at]))
        ends[at] = after[at + 1] ?? -1;
    }
    after = ends;
  }
  return after;
}
