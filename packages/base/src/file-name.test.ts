import fc from "fast-check";
import { expect, test } from "vitest";
import { escapedName, fileBytes, fileName, filePath, nameShownAs, shownName } from "./file-name.ts";

test("any bytes are a text that stands for them alone", () => {
  const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));
  const mixed = fc
    .tuple(bytes, fc.string({ unit: "grapheme" }))
    .map(([odd, text]) => Buffer.concat([odd, Buffer.from(text), odd]));
  fc.assert(
    fc.property(fc.oneof(bytes, mixed), (given) => {
      expect(fileBytes(fileName(given))).toEqual(given);
      const shown = shownName(fileName(given));
      expect(shown.isWellFormed()).toBe(true);
      expect(shown).toBe(escapedName(given));
      if (!shown.includes("\\x5c") && !given.toString().includes("\\x") && shown !== given.toString())
        expect(fileBytes(nameShownAs(shown) ?? "")).toEqual(given);
    }),
    { numRuns: 2000 },
  );
});

test("names that are texts stay as they are, and others show their odd bytes", () => {
  for (const text of ["é🔑", "back\\slash", "a\\x41", ""]) {
    expect([fileName(Buffer.from(text)), shownName(text), filePath(text)]).toEqual([text, text, text]);
  }
  const odd = fileName(Buffer.from("caf\xe9🔑\xff".replace("🔑", ""), "latin1"));
  expect([shownName(odd), filePath(odd)]).toEqual(["caf\\xe9\\xff", Buffer.from("caf\xe9\xff", "latin1")]);
  expect(nameShownAs("caf\\xe9\\xff")).toBe(odd);
  expect(nameShownAs("plain")).toBeUndefined();
  const misleading = fileName(Buffer.from("\xe9\\xaa", "latin1"));
  expect(shownName(misleading)).toBe("\\xe9\\x5cxaa");
  expect(nameShownAs("\\xe9\\x5cxaa")).toBe(misleading);
});
