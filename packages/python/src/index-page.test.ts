import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHtmlPage } from "./index-page.ts";

test("a page's links are found from where its base says, with what they tell of their files", () => {
  const hash = "0".repeat(64);
  const page = `<HTML><base target=x href = 'https://files.example.com/&amp;/'><a>none</a><A data-yanked
    href="a-1.whl#sha256=${hash}" data-requires-python="&gt;=3.9&#44;&lt;4">a</A><a href=b-1.whl>b</a><a href="c`;
  expect(parseHtmlPage(page, "https://index.example.com/a/")).toEqual([
    {
      filename: "a-1.whl",
      url: "https://files.example.com/&/a-1.whl",
      sha256: hash,
      requiresPython: ">=3.9,<4",
      isYanked: true,
    },
    { filename: "b-1.whl", url: "https://files.example.com/&/b-1.whl", isYanked: false },
  ]);
});

test("no page makes its reader fail, whatever it is made of", () => {
  const piece = fc.constantFrom(
    "<a ",
    "<base ",
    "href",
    "=",
    "'",
    '"',
    ">",
    "&#",
    "&#x",
    "9999999",
    ";",
    " ",
    "http://[",
    "%",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      expect(() => parseHtmlPage(pieces.join(""), "https://index.example.com/")).not.toThrow();
    }),
    { numRuns: 2_000 },
  );
});

test("tags that never end are read in one pass: a million of them stop nobody [B11]", () => {
  for (const begun of ["<base href=", "<a href='x' "])
    expect(parseHtmlPage(begun.repeat(1_000_000), "https://index.example.com/")).toEqual([]);
});
