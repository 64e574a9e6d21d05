import { nameShownAs } from "@dorian/base/file-name";
import fc from "fast-check";
import { expect, test } from "vitest";
import { visibleJson, visibleLines, visibleText } from "./visible-text.ts";

const hostile = [
  ["a title", "\u001B]0;owned\u0007"],
  ["a screen that is cleared", "\u001B[2J"],
  ["hidden letters", "\u001B[8m"],
  ["the clipboard", "\u001B]52;c;cm0gLXJm\u001B\\"],
  ["a sequence in one letter", "\u009B2J"],
  ["a line written over", "safe\revil"],
  ["letters taken back", "evil\b\b\b\b"],
  ["another line", "one\ntwo\u2028three"],
  ["letters turned round", "\u202Egpj.exe"],
] as const;

const steers = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

test.each(hostile)("%s in a name is shown, and not obeyed by the terminal [B18]", (_, name) => {
  expect(visibleText(name)).not.toMatch(steers);
  expect(nameShownAs(visibleText(name))).toBe(name);
  const json = visibleJson({ name });
  expect(json.replaceAll("\n", "")).not.toMatch(steers);
  expect(JSON.parse(json)).toEqual({ name });
});

test("letters of all languages, and signs, stay as they are", () => {
  for (const name of ["modèle.safetensors", "数据", "👩‍👩‍👧", "a b\\c"]) {
    expect(visibleText(name)).toBe(name);
    expect(visibleLines(name, { colored: false })).toBe(name);
  }
});

test("our own lines keep their breaks and colours, and obey nobody else's codes [B18]", () => {
  const line = "\u001B[31mError:\u001B[39m no \u001B[2Jfile\r\n\tthere";
  expect(visibleLines(line, { colored: true })).toBe(
    "\u001B[31mError:\u001B[39m no \\x1b[2Jfile\\x0d\n\tthere",
  );
  expect(visibleLines(line, { colored: false })).not.toContain("\u001B");
});

test("whatever the text, JSON says the same, and nothing steers the terminal [B18]", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(JSON.parse(visibleJson([text]))).toEqual([text]);
      expect(visibleText(text)).not.toMatch(steers);
    }),
  );
});
