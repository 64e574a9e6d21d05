import { AppError } from "@dorian/base/app-error";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRequestTarget } from "./request-target.ts";

test("an address that the server gives out is read as it is", () => {
  const { path, query } = parseRequestTarget("/layers/ly-1?path=a+b%2Fc%C3%A4&start=0&end=5");
  expect(path).toBe("/layers/ly-1");
  expect(Object.fromEntries(query)).toEqual({ path: "a b/cä", start: "0", end: "5" });
});

test("a proxy's whole address is one for its path", () => {
  expect(parseRequestTarget("http://somewhere:80/blobs/bl-1").path).toBe("/blobs/bl-1");
});

test.each([
  ["//", "two slashes"],
  ["//evil.example/x", "another host"],
  ["http://[", "half an address"],
  ["http:///x//y", "an empty segment"],
  ["", "nothing"],
  ["*", "the asterisk"],
  ["host:443", "an authority"],
  ["blobs/x", "a relative path"],
  ["/blobs/../layers/x", "a way up"],
  ["/blobs/./x", "a way to the same place"],
  ["/..", "a way up at the end"],
  ["/blobs/%2e%2e/layers/x", "an escaped way up"],
  ["/blobs/%2E./x", "a half escaped way up"],
  ["/blobs/%2e%2e%2flayers/x", "escaped slashes"],
  ["/blobs/..%5clayers", "an escaped backslash"],
  ["/blobs\\..\\layers", "backslashes"],
  ["/blobs/%00", "a NUL"],
  ["/blobs/x%", "half an escape"],
  ["/blobs/x%zz", "no escape"],
  ["/blobs/x;v=1", "parameters of a segment"],
  ["/blobs/x#part", "a fragment"],
  ["/blobs/x?a=1#part", "a fragment behind the query"],
  ["/blobs/x?a=%ff", "an escape that is not UTF-8"],
  ["/blobs/x?a=%", "half an escape in the query"],
  ["/blobs/x?a=1&a=2", "a parameter twice"],
  ["/blobs/x?signature=1&%73ignature=2", "a parameter twice, once escaped"],
  ["/blobs/\u00e9", "bytes that are not ASCII"],
  [`/blobs/${"x".repeat(20_000)}`, "more than any address"],
])("%j is refused: %s", (target) => {
  expect(() => parseRequestTarget(target)).toThrow(
    expect.objectContaining({ code: "REQUEST_TARGET_INVALID", status: "INVALID_ARGUMENT" }) as Error,
  );
});

test("whatever is accepted means the same to a reader of URLs, and whatever is not is refused in words", () => {
  const piece = fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2f",
    "%",
    "\\",
    "a",
    "?",
    "&",
    "=",
    "#",
    "@",
    ":",
    "é",
    "\0",
    " ",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const target = `/${pieces.join("")}`;
      try {
        const { path, query } = parseRequestTarget(target);
        const url = new URL(target, "http://server");
        expect([url.host, url.pathname, [...url.searchParams]]).toEqual(["server", path, [...query]]);
      } catch (error) {
        if (!AppError.is(error)) throw error;
      }
    }),
    { numRuns: 5_000 },
  );
});
