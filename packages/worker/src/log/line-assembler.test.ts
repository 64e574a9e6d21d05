import fc from "fast-check";
import { expect, test } from "vitest";
import { LineAssembler, longestEnd, longestLine } from "./line-assembler.ts";

/** What an assembler makes of the text when its bytes come in pieces that end at the cuts. */
function assemble(bytes: Buffer, cuts: readonly number[]): { parts: string[]; rest: string } {
  const assembler = new LineAssembler();
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const parts: string[] = [];
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    const part = assembler.write(bytes.subarray(from, to));
    if (part !== "") parts.push(part);
    from = to;
  }
  return { parts, rest: assembler.end() };
}

const texts = fc
  .array(fc.constantFrom("a", "ü", "漢", "😀", " ", "\n", "\r", "\r\n", "word"), { maxLength: 40 })
  .map((pieces) => pieces.join(""));

test("any split of the bytes gives the same text, and every part ends where a line ends [L11]", () => {
  fc.assert(
    fc.property(texts, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
      const { parts, rest } = assemble(Buffer.from(text), cuts);
      expect(parts.join("") + rest).toBe(text);
      for (const part of parts) expect(part).toMatch(/[\r\n]$/);
      // A line's two last characters stay together.
      for (const [index, part] of parts.entries())
        if (part.endsWith("\r")) expect(parts[index + 1] ?? rest).not.toMatch(/^\n/);
    }),
    { numRuns: 2_000 },
  );
});

test("Python's three writes of a line are one line [L11]", () => {
  const assembler = new LineAssembler();
  const written = ["line", " ", "0\n"].map((piece) => assembler.write(Buffer.from(piece)));
  expect(written).toEqual(["", "", "line 0\n"]);
  expect(assembler.isHolding).toBe(false);
});

test("what a writer pauses in is shown once, and the rest of the line when it comes", () => {
  const assembler = new LineAssembler();
  expect(assembler.write(Buffer.from("Name? "))).toBe("");
  expect(assembler.isHolding).toBe(true);
  expect(assembler.release()).toBe("Name? ");
  expect(assembler.release()).toBe("");
  expect(assembler.write(Buffer.from("Ada\nnext"))).toBe("Ada\n");
  expect(assembler.end()).toBe("next");
});

test("a progress bar shows each state when the next one overwrites it", () => {
  const assembler = new LineAssembler();
  const written = ["\r 10%", "\r 20%", "\r 30%\r", "\n", "done\r\n"].map((piece) =>
    assembler.write(Buffer.from(piece)),
  );
  expect(written).toEqual(["\r", " 10%\r", " 20%\r", " 30%\r\n", "done\r\n"]);
});

test("the last bytes of a character that never came whole are not lost", () => {
  const assembler = new LineAssembler();
  expect(assembler.write(Buffer.from("ok\n\xe6\xbc", "latin1"))).toBe("ok\n");
  expect(assembler.end()).toBe("�");
});

test("of a line without end the beginning and the last words are kept, with a word on the rest, and the next line is whole [A3]", () => {
  const assembler = new LineAssembler();
  const piece = Buffer.alloc(1024 * 1024, "x");
  for (let count = 0; count < 6; count++) expect(assembler.write(piece)).toBe("");
  const said = assembler.write(Buffer.from("|END\nnext\n"));
  expect(said.slice(0, longestLine)).toBe("x".repeat(longestLine));
  const dropped = 2 * 1024 * 1024 + 4 - longestEnd;
  expect(said.slice(longestLine)).toBe(
    ` [${dropped} characters of this line were dropped] ${"x".repeat(longestEnd - 4)}|END\nnext\n`,
  );
  expect(assembler.write(Buffer.from("short\n"))).toBe("short\n");
  for (let count = 0; count < 5; count++) assembler.write(piece);
  expect(assembler.end().slice(longestLine)).toMatch(/^ \[1047552 characters .*\] x+\n$/);
});

test("a line that is hardly too long is whole, and characters of two halves are not torn at its end", () => {
  const assembler = new LineAssembler();
  const line = "x".repeat(longestLine + longestEnd - 2) + "|e";
  expect(assembler.write(Buffer.from(line))).toBe("");
  expect(assembler.write(Buffer.from("\n")) === `${line}\n`).toBe(true);
  assembler.write(Buffer.from("x".repeat(longestLine)));
  for (let count = 0; count < 3; count++) assembler.write(Buffer.from(`${"😀".repeat(511)}x`));
  expect(assembler.end().isWellFormed()).toBe(true);
});
