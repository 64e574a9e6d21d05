import { createHash } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Image, Volume } from "@dorian/sdk";
import { constantValue } from "./constant-value.ts";

const formOf = (value: unknown) => {
  const found = constantValue(value);
  return found.kind === "constant" ? JSON.stringify(found.value) : found.kind;
};

describe("constantValue", () => {
  test.each([
    ["a function", () => 1],
    ["a class", Volume],
    ["a module of Node", fs],
    ["the default export of a module of Node", path],
    ["an image", Image.debianSlim()],
  ])("%s is no part of a build's identity [C6]", (_what, value) => {
    expect(constantValue(value)).toEqual({ kind: "ignored" });
  });

  test("a volume counts with its name", () => {
    expect(formOf(Volume.fromName("a"))).not.toBe(formOf(Volume.fromName("b")));
    expect(formOf(Volume.fromName("a"))).toBe(formOf(Volume.fromName("a", { createIfMissing: true })));
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  test.each([
    ["a symbol", Symbol("x"), "it holds a symbol"],
    ["an object with a function", { run: () => 1 }, "it holds a function"],
    ["an instance of a class", createHash("md5"), "it is a Hash and not plain data"],
    ["a cycle", cycle, "it refers back to itself"],
  ])("%s has no stable form, and says why [C6]", (_what, value, reason) => {
    expect(constantValue(value)).toEqual({ kind: "unserialisable", reason });
  });

  test("the order of an object's keys does not matter", () => {
    expect(formOf({ a: 1, b: [2] })).toBe(formOf({ b: [2], a: 1 }));
  });

  test("an object met twice is no cycle", () => {
    const shared = { a: 1 };
    expect(constantValue([shared, shared]).kind).toBe("constant");
  });

  test("values that differ have forms that differ, and equal ones the same form [C7]", () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: false,
    });
    fc.assert(
      fc.property(value, value, (a, b) => {
        const forms = [formOf(a), formOf(b)];
        fc.pre(!forms.includes("unserialisable"));
        expect(fc.stringify(a) !== fc.stringify(b) || forms[0] === forms[1]).toBe(true);
        expect(formOf(structuredClone(a))).toBe(forms[0]);
      }),
    );
    const distinct = [
      0,
      -0,
      NaN,
      null,
      undefined,
      "",
      "0",
      [],
      {},
      0n,
      false,
      new Date(0),
      ["date", 0],
      new Map(),
      new Set(),
      new Uint8Array(),
      new Float32Array(),
      "undefined",
      ["undefined"],
      /a/,
      /a/g,
    ];
    expect(new Set(distinct.map(formOf)).size).toBe(distinct.length);
  });
});
