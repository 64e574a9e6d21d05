import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandWord } from "./expand-word.ts";

const values: Record<string, string> = {
  A: "1",
  EMPTY: "",
  P: "/a/b/c.tar.gz",
  S: "foobarbaz",
  ü: "umlaut",
};

const expand = (text: string, more: { escape?: string; quotesAreText?: boolean } = {}) =>
  expandWord(text, {
    lookup: (name) => values[name],
    escape: "\\",
    fail: (problem) => {
      throw new Error(problem);
    },
    ...more,
  });

describe("expandWord", () => {
  test.each([
    ["$A-${A}", "1-1"],
    ["$AB|$A_|$A.b", "||1.b"],
    ["'$A'", "$A"],
    ['"$A b"', "1 b"],
    ["\\$A|\\${A}", "$A|${A}"],
    ["'it''s'\"'$A'\"", "its'1'"],
    ["a\\ b", "a b"],
    ['"a\\nb\\"\\$\\\\"', 'a\\nb"$\\'],
    ["100$", "100$"],
    ["$1|$?|$$|$%", "|||$%"],
    ["${ü}$ü", "umlautumlaut"],
    ["${B:-x$A}", "x1"],
    ["${B:-${C:-'d e'}}", "d e"],
    ["${EMPTY:-x}|${EMPTY-x}", "x|"],
    ["${A:+y}|${B:+y}|${EMPTY:+y}|${EMPTY+y}", "y|||y"],
    ["${A:?no}|${EMPTY?no}", "1|"],
    ["${P#*/}|${P##*/}", "a/b/c.tar.gz|c.tar.gz"],
    ["${P%.*}|${P%%.*}", "/a/b/c.tar|/a/b/c"],
    ["${S#bar}|${S%baz}|${S#foo}", "foobarbaz|foobar|barbaz"],
    ["${S#f?o}|${S##*ba}|${S%ba*}|${S%%ba*}", "barbaz|z|foobar|foo"],
    ["${S/ba/x}|${S//ba/x}|${S//b?/}|${S/none/x}", "fooxrbaz|fooxrxz|foorz|foobarbaz"],
    ["${P//\\//.}|${P#\\*}", ".a.b.c.tar.gz|/a/b/c.tar.gz"],
    ["${B#x}|${B/x/y}", "|"],
  ])("%s becomes %s", (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  test.each([
    ["${A", "A"],
    ["${}", "is not understood"],
    ["${A!x}", "is not understood"],
    ["${B:?set it}", "B : set it."],
    ["${B?}", "requires"],
    ["${EMPTY:?}", "requires"],
    ["'a", "single quote"],
    ['"a', "double quote"],
    ["${A:-x", "without its }"],
    ["${A#x\\", "without its }"],
    [`${"${A:-".repeat(200)}`, "too often"],
  ])("%s is refused", (text, expected) => {
    expect(() => expand(text)).toThrow(expected);
  });

  test("the escape character may be a backtick, and quotes may be text", () => {
    expect(expand("C:\\dir`$A $A", { escape: "`" })).toBe("C:\\dir$A 1");
    expect(expand(`it's "$A" '\${A}'`, { quotesAreText: true })).toBe(`it's "1" '1'`);
  });

  test("a value that would take too long is refused", () => {
    values["LONG"] = "a".repeat(10_000);
    expect(expand("${LONG##*a*a*b}")).toBe(values["LONG"]);
    expect(() => expand(`\${LONG#${"*a".repeat(500)}b}`)).toThrow("too long");
  });

  test("patterns take what the shell takes", () => {
    const letter = fc.constantFrom("a", "b", "/");
    const pattern = fc
      .array(fc.constantFrom("a", "b", "*", "?"), { maxLength: 4 })
      .map((parts) => parts.join(""));
    const operator = fc.constantFrom("#", "##", "%", "%%", "/", "//");
    const cases = fc.sample(fc.tuple(fc.string({ unit: letter, maxLength: 6 }), operator, pattern), 300);
    const words = cases.map(([, sign, shape]) => `\${V${sign}${shape}${sign.startsWith("/") ? "/x" : ""}}`);
    // An empty pattern after a slash is an oddity of the shell's own.
    const kept = words.flatMap((word, index) =>
      word.startsWith("${V/") && cases[index]?.[2] === "" ? [] : [index],
    );
    const script = kept
      .map((index) => `V='${cases[index]?.[0]}'; printf '%s\\n' "${words[index]}"`)
      .join("\n");
    const said = execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\n");
    for (const [place, index] of kept.entries()) {
      values["V"] = cases[index]?.[0] ?? "";
      expect(expand(words[index] ?? ""), `${words[index]} of ${values["V"]}`).toBe(said[place]);
    }
  });
});
