// A language model of letters: how often each letter follows the few before it.

export interface LetterModel {
  /** How many letters the model looks back. */
  memory: number;
  /** By the letters before: how often each letter came next. */
  counts: Record<string, Record<string, number>>;
}

const start = "^";
const end = "$";

export function learn(names: string[], memory: number): LetterModel {
  const counts: LetterModel["counts"] = {};
  for (const name of names) {
    const letters = `${start.repeat(memory)}${name.toLowerCase()}${end}`;
    for (let at = memory; at < letters.length; at += 1) {
      const next = (counts[letters.slice(at - memory, at)] ??= {});
      const letter = letters.charAt(at);
      next[letter] = (next[letter] ?? 0) + 1;
    }
  }
  return { memory, counts };
}

/** A name that the model finds likely. `random` gives numbers from 0 to 1. */
export function invent({ memory, counts }: LetterModel, random: () => number): string {
  let letters = start.repeat(memory);
  for (;;) {
    const letter = draw(counts[letters.slice(letters.length - memory)] ?? { [end]: 1 }, random);
    if (letter === end) break;
    letters += letter;
  }
  const name = letters.slice(memory);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** How many bits a letter of a name tells that knows the model: the fewer, the better it knows them. */
export function bitsPerLetter({ memory, counts }: LetterModel, names: string[]): number {
  let bits = 0;
  let seen = 0;
  for (const name of names) {
    const letters = `${start.repeat(memory)}${name.toLowerCase()}${end}`;
    for (let at = memory; at < letters.length; at += 1) {
      const next = counts[letters.slice(at - memory, at)] ?? {};
      bits -= Math.log2((next[letters.charAt(at)] ?? 0) / total(next));
      seen += 1;
    }
  }
  return bits / seen;
}

function draw(next: Record<string, number>, random: () => number): string {
  let rest = random() * total(next);
  for (const [letter, count] of Object.entries(next)) {
    rest -= count;
    if (rest < 0) return letter;
  }
  return end;
}

function total(next: Record<string, number>): number {
  return Object.values(next).reduce((sum, count) => sum + count, 0);
}
