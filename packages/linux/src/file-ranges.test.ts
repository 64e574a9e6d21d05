import { randomBytes } from "node:crypto";
import { open, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../test/deep-tree.ts";
import { clearRange, copyRange } from "./file-ranges.ts";

const mebibyte = 1024 * 1024;

test("a part of a file is copied into another place, of another file or of itself, as far as it goes", async () => {
  const root = await temporaryDirectory();
  const content = randomBytes(3 * mebibyte + 17);
  await writeFile(join(root, "source"), content);
  await using source = await open(join(root, "source"));
  await using target = await open(join(root, "target"), "w+");
  await copyRange(source, target, { from: 5, to: 1000, length: mebibyte });
  await copyRange(source, target, { from: content.length - 7, to: 0, length: 100 });
  await copyRange(target, target, { from: 1000, to: 2 * mebibyte, length: 10 });
  const copied = await target.readFile();
  expect(copied.subarray(1000, 1000 + mebibyte).equals(content.subarray(5, 5 + mebibyte))).toBe(true);
  expect(copied.subarray(0, 7).equals(content.subarray(-7))).toBe(true);
  expect(copied.subarray(2 * mebibyte).equals(content.subarray(5, 15))).toBe(true);
});

test("what the kernel does not copy is copied all the same, and what fails says why", async () => {
  const root = await temporaryDirectory();
  await using source = await open("/proc/self/status");
  await using target = await open(join(root, "target"), "w+");
  await copyRange(source, target, { from: 0, to: 0, length: 5 });
  expect((await target.readFile()).toString()).toBe("Name:");
  await using readOnly = await open(join(root, "target"));
  await expect(copyRange(target, readOnly, { from: 0, to: 9, length: 5 })).rejects.toMatchObject({
    code: "EBADF",
  });
});

test("a part that is cleared is zeros and takes no place; the size stays", async () => {
  const root = await temporaryDirectory();
  const path = join(root, "file");
  await writeFile(path, randomBytes(mebibyte));
  await using file = await open(path, "r+");
  const before = await stat(path);
  await clearRange(file, 100, mebibyte - 100);
  await clearRange(file, 7, 7);
  const after = await stat(path);
  expect(after.size).toBe(before.size);
  expect(after.blocks).toBeLessThan(before.blocks / 2);
  expect((await file.readFile()).subarray(100, -100).every((byte) => byte === 0)).toBe(true);
  await using readOnly = await open(path);
  await expect(clearRange(readOnly, 0, 10)).rejects.toMatchObject({ errno: "EBADF" });
});
