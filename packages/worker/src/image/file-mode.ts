/** What --chmod makes of a file's mode. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

const bits: Record<string, number> = { r: 0o444, w: 0o222, x: 0o111 };
const classes: Record<string, number> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const shifts: Record<string, number> = { u: 6, g: 3, o: 0 };

/** Reads `755`, `u=rwx,go=rX` or `a+x`; undefined for anything else. */
export function parseFileMode(text: string): ModeChange | undefined {
  if (/^0*[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const changes = text.split(",").map(changeOf);
  if (changes.includes(undefined)) return undefined;
  return (mode, isDirectory) =>
    changes.reduce((current, change) => change?.(current, isDirectory) ?? current, mode);
}

function changeOf(clause: string): ModeChange | undefined {
  const [, who = "", actions = ""] = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause) ?? [];
  if (actions === "") return undefined;
  const whom = Array.from(who || "a").reduce((mask, letter) => mask | (classes[letter] ?? 0), 0);
  const parts = [...actions.matchAll(/([-+=])([rwxXstugo]*)/g)];
  return (mode, isDirectory) =>
    parts.reduce((current, [, operator, what = ""]) => {
      const named =
        Array.from(what).reduce((sum, letter) => sum | bitsOf(letter, current, isDirectory), 0) & whom;
      if (operator === "+") return current | named;
      return operator === "-" ? current & ~named : (current & ~whom) | named;
    }, mode);
}

function bitsOf(letter: string, mode: number, isDirectory: boolean): number {
  if (letter === "s") return 0o6000;
  if (letter === "t") return 0o1000;
  if (letter === "X") return isDirectory || (mode & 0o111) !== 0 ? 0o111 : 0;
  const shift = shifts[letter];
  // A class stands for what it may do, given to another.
  return shift === undefined ? (bits[letter] ?? 0) : ((mode >> shift) & 0o7) * 0o111;
}
