import { open, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../test/deep-tree.ts";
import { copyContent } from "./copy-file.ts";

test("a copy has the content and the holes of its source [B11]", async () => {
  const root = await temporaryDirectory();
  const [source, target] = [join(root, "source"), join(root, "target")];
  await writeFile(source, "start");
  const size = 8 * 2 ** 40;
  await truncate(source, size);
  {
    await using file = await open(source, "r+");
    await file.write("middle", 4 * 2 ** 40);
  }
  await using file = await open(source);
  await copyContent(file, target);
  const copied = await stat(target);
  expect(copied.size).toBe(size);
  expect(copied.blocks * 512).toBeLessThan(2 ** 20);
  await using copy = await open(target);
  const { buffer } = await copy.read(Buffer.alloc(6), 0, 6, 4 * 2 ** 40);
  expect(buffer.toString()).toBe("middle");
  await expect(copyContent(file, target)).rejects.toMatchObject({ code: "EEXIST" });

  await writeFile(join(root, "empty"), "");
  await using empty = await open(join(root, "empty"));
  await copyContent(empty, join(root, "empty-copy"));
  expect(await readFile(join(root, "empty-copy"), "utf8")).toBe("");
});
