import { expect, test } from "vitest";
import { runpathOf, setRunpath } from "./elf-runpath.ts";

const strings = Buffer.from("\0libc.so.6\0/opt/python/lib\0next\0", "latin1");
const tag = { needed: 1, rpath: 15, runpath: 29 };

/** The least that is a library: its head, its strings, what it needs and where it looks. */
function library(entries: [number, number][]): Buffer {
  const dynamic = Buffer.alloc(16 * (entries.length + 1));
  for (const [index, [kind, value]] of entries.entries()) {
    dynamic.writeBigUInt64LE(BigInt(kind), 16 * index);
    dynamic.writeBigUInt64LE(BigInt(value), 16 * index + 8);
  }
  const head = Buffer.alloc(64);
  head.write("\x7fELF\x02\x01", "latin1");
  head.writeBigUInt64LE(BigInt(64 + strings.length + dynamic.length), 40);
  head.writeUInt16LE(2, 60);
  const section = (type: number, offset: number, size: number, link: number) => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(type, 4);
    bytes.writeBigUInt64LE(BigInt(offset), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    bytes.writeUInt32LE(link, 40);
    return bytes;
  };
  const sections = [section(3, 64, strings.length, 0), section(6, 64 + strings.length, dynamic.length, 0)];
  return Buffer.concat([head, strings, dynamic, ...sections]);
}

test("where a library looks for others is read and changed in place", () => {
  const content = library([
    [tag.needed, 1],
    [tag.runpath, 11],
  ]);
  expect(runpathOf(content)).toBe("/opt/python/lib");
  expect(setRunpath(content, "$ORIGIN", { forAll: false })).toBe(true);
  expect(runpathOf(content)).toBe("$ORIGIN");
  const expected = Buffer.from(strings);
  expected.write("$ORIGIN\0\0\0\0\0\0\0\0", 11, "latin1");
  expect(content.subarray(64, 64 + strings.length)).toEqual(expected);
});

test("the older way of saying it, which holds for all, can be chosen", () => {
  const content = library([[tag.runpath, 11]]);
  setRunpath(content, "/usr/lib", { forAll: true });
  expect(content).toEqual(
    (() => {
      const other = library([[tag.rpath, 11]]);
      setRunpath(other, "/usr/lib", { forAll: true });
      return other;
    })(),
  );
});

test("what has no room, says nothing or is no library stays as it is", () => {
  const content = library([[tag.runpath, 11]]);
  const before = Buffer.from(content);
  expect(setRunpath(content, "/a/much/longer/path", { forAll: false })).toBe(false);
  expect(content).toEqual(before);
  expect(setRunpath(library([[tag.needed, 1]]), "/x", { forAll: false })).toBe(false);
  expect(setRunpath(Buffer.from("#!/bin/sh"), "/x", { forAll: false })).toBe(false);
  expect(runpathOf(Buffer.from("#!/bin/sh"))).toBeUndefined();
});
