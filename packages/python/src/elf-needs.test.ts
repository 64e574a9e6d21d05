import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { elfNeeds } from "./elf-needs.ts";

test("a program's libraries and the versions of the C library that it wants are read", async () => {
  const needs = await elfNeeds(process.execPath);
  expect(needs?.libraries).toContain("libc.so.6");
  expect(needs?.glibc).toContain("2.17");
  expect(needs?.libraries.every((name) => /^[\w.+-]+\.so[\d.]*$/.test(name))).toBe(true);
});

test("a text is no program", async () => {
  expect(await elfNeeds(fileURLToPath(import.meta.url))).toBeUndefined();
});
