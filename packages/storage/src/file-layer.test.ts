import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { writeFileLayer } from "./file-layer.ts";

test("a code mount is made of hard links to blocks, with a copy where the mode differs [E3]", async () => {
  await using storage = await TemporaryStorage.open();
  const { blocks, layers } = storage;
  const { sha } = await blocks.put(Buffer.from("export {}"));
  await using draft = await layers.draft();
  await writeFileLayer(
    draft,
    [
      { path: "/root/app.mjs", sha256: sha, mode: 0o644 },
      { path: "opt/bin/run", sha256: sha, mode: 0o755 },
    ],
    blocks,
  );
  const layer = layers.path(await draft.seal({ durable: true }));
  const block = await lstat(blocks.path(sha));
  expect((await lstat(join(layer, "root/app.mjs"))).ino).toBe(block.ino);
  const run = await lstat(join(layer, "opt/bin/run"));
  expect([run.ino === block.ino, run.mode & 0o7777]).toEqual([false, 0o755]);
  expect(await readFile(join(layer, "opt/bin/run"), "utf8")).toBe("export {}");
  expect((await lstat(blocks.path(sha))).mode & 0o7777).toBe(0o644);
});

test("directories above an image keep the permissions that they have there", async () => {
  await using storage = await TemporaryStorage.open();
  const { sha } = await storage.blocks.put(Buffer.from("x"));
  await using draft = await storage.layers.draft();
  const files = ["root/a", "tmp/a", "opt/a", "opt/tmp/a"].map((path) => ({ path, sha256: sha, mode: 0o644 }));
  await writeFileLayer(draft, files, storage.blocks);
  const mode = async (path: string) => (await lstat(join(draft.path, path))).mode & 0o7777;
  expect([
    await mode("root"),
    await mode("tmp"),
    await mode("opt"),
    await mode("opt/tmp"),
    await mode(""),
  ]).toEqual([0o700, 0o1777, 0o755, 0o755, 0o755]);
});

test.for([
  ["BLOCK_NOT_FOUND", ["a"], "0".repeat(64)],
  ["PATH_INVALID", ["a/../../etc/passwd"], undefined],
  ["PATH_INVALID", ["/"], undefined],
  ["PATH_NOT_A_DIRECTORY", ["a", "a/b"], undefined],
  ["PATH_IS_A_DIRECTORY", ["a/b", "a"], undefined],
] as const)("answers %s for %j", async ([code, paths, digest]) => {
  await using storage = await TemporaryStorage.open();
  const { sha } = await storage.blocks.put(Buffer.from("x"));
  await using draft = await storage.layers.draft();
  const files = paths.map((path) => ({ path, sha256: digest ?? sha, mode: 0o644 }));
  await expect(writeFileLayer(draft, files, storage.blocks)).rejects.toMatchObject({ code });
});
