import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { mountOverlay, unmount } from "./mount.ts";
import { isOpenForWriting } from "./open-for-writing.ts";

test("a file counts as open for writing while a descriptor can write, and not while others read", async () => {
  const directory = await mkdtemp(join(tmpdir(), "writing-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, "file");
  await writeFile(path, "x");
  expect(isOpenForWriting(path)).toBe(false);
  await using reader = await open(path, "r");
  expect(isOpenForWriting(path)).toBe(false);
  const writer = await open(path, "a");
  expect(isOpenForWriting(path)).toBe(true);
  await writer.close();
  expect(isOpenForWriting(path)).toBe(false);
  expect(await reader.readFile("utf8")).toBe("x");
});

test("a writer is found that opened the file through an overlay which is mounted no more", async () => {
  const directory = await mkdtemp(join(tmpdir(), "writing-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const at = (name: string) => join(directory, name);
  for (const name of ["lower", "upper", "work", "target"]) await mkdir(at(name));
  await writeFile(at("lower/file"), "x");
  mountOverlay(at("target"), { lower: [at("lower")], upper: at("upper"), work: at("work") });
  onTestFinished(() => void unmount(at("target")));
  const writer = await open(at("target/file"), "a");
  unmount(at("target"));
  expect(isOpenForWriting(at("upper/file"))).toBe(true);
  await writer.close();
  expect(isOpenForWriting(at("upper/file"))).toBe(false);
});
