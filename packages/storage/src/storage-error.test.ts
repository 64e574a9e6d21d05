import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mountOverlay, unmount } from "@dorian/linux/mount";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "@dorian/testkit/eventually";
import { readTree } from "@dorian/testkit/read-tree";
import { tmpfs } from "../test/tmpfs.ts";
import { BlockStore } from "./block-store.ts";
import { LayerStore } from "./layer-store.ts";
import { normaliseLayer } from "./normalise-layer.ts";
import { squash } from "./squash.ts";
import { storing } from "./storage-error.ts";
import { putFiles } from "./volume-edit.ts";

async function smallDisk(options: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dorian-full-"));
  const disk = tmpfs(directory, options);
  onTestFinished(async () => {
    disk[Symbol.dispose]();
    await rm(directory, { recursive: true });
  });
  return directory;
}

test("an upload that does not fit says so, with the space there is and no path of the server's, and leaves nothing [A23]", async () => {
  const directory = await smallDisk("size=1m");
  await using blocks = await BlockStore.open(directory);
  const error = await blocks.put(Buffer.alloc(2_000_000, 1)).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "STORAGE_FULL", status: "RESOURCE_EXHAUSTED" });
  expect(error).toMatchObject({
    message: expect.stringMatching(/^The disk is full: \d+ MiB are free\.$/),
    remedy: expect.not.stringContaining(directory),
  });
  const kept = await readdir(join(directory, "blocks"), { recursive: true, withFileTypes: true });
  expect(kept.filter((entry) => entry.isFile() && !entry.name.endsWith(".lock"))).toEqual([]);
});

test("a volume edit that does not fit leaves the volume as it was", async () => {
  const directory = await smallDisk("size=3m");
  await using blocks = await BlockStore.open(directory);
  await using layers = await LayerStore.open(directory);
  const { sha, size } = await blocks.put(Buffer.alloc(2_000_000, 1));
  const files = [{ path: "weights", size, mode: 0o600, blocks: [{ sha, size }] }];
  await expect(putFiles(layers, [], files, blocks, { overwrite: true })).rejects.toMatchObject({
    code: "STORAGE_FULL",
  });
  expect(await layers.list()).toEqual([]);
  // What was begun is out of the way at once, and removed a moment later.
  const put = () =>
    blocks.put(Buffer.alloc(900_000, 2)).then(
      () => "put",
      (error: unknown) => error,
    );
  await eventually(put, (outcome) => outcome === "put");
});

test("without room for more files, a layer is normalised or left alone, and squashing fails cleanly", async () => {
  const directory = await smallDisk("nr_inodes=160");
  await using layers = await LayerStore.open(directory);
  const [upper = "", work = "", target = ""] = ["upper", "work", "target"].map((name) =>
    join(directory, name),
  );
  await using draft = await layers.draft();
  for (const name of ["a", "b"]) {
    mkdirSync(join(draft.path, name, "sub"), { recursive: true });
    for (let index = 0; index < 20; index += 1) writeFileSync(join(draft.path, name, `f${index}`), "x");
    writeFileSync(join(draft.path, name, "sub/old"), "old");
  }
  const base = await draft.seal({ durable: true });

  for (const path of [upper, work, target]) mkdirSync(path);
  mountOverlay(target, { lower: [layers.path(base)], upper, work, redirectDirectories: true });
  onTestFinished(() => void unmount(target));
  for (const name of ["a", "b"]) {
    const renamed = join(target, `${name}-renamed`);
    renameSync(join(target, name), renamed);
    rmSync(join(renamed, "sub"), { recursive: true });
    mkdirSync(join(renamed, "sub"));
    writeFileSync(join(renamed, "sub/new"), "new");
  }
  mkdirSync(join(directory, "filler"));
  const fillers: string[] = [];
  try {
    for (let index = 0; ; index += 1) {
      const path = join(directory, "filler", String(index));
      writeFileSync(path, "x");
      fillers.push(path);
    }
  } catch {
    // Room for one of the renamed directories, not for both.
    for (const path of fillers.slice(0, 30)) rmSync(path);
  }
  const before = readTree(target);
  await expect(normaliseLayer(upper, [layers.path(base)])).rejects.toMatchObject({ code: "STORAGE_FULL" });
  await expect(squash(layers, [base], { keepWhiteouts: false })).rejects.toMatchObject({
    code: "STORAGE_FULL",
  });
  expect(await layers.list()).toEqual([base]);

  rmSync(join(directory, "filler"), { recursive: true });
  unmount(target);
  mountOverlay(target, { lower: [layers.path(base)], upper, work, redirectDirectories: true });
  expect(readTree(target)).toEqual(before);
  await normaliseLayer(upper, [layers.path(base)]);
  unmount(target);
  mountOverlay(target, { lower: [layers.path(base), upper] });
  expect(readTree(target)).toEqual(before);
});

test("where temporary files have no room and data has, it is said which disk is full", async () => {
  const directory = await smallDisk("size=16k");
  writeFileSync(join(directory, "filler"), Buffer.alloc(16_384));
  const before = process.env["TMPDIR"];
  onTestFinished(() => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  });
  const data = await mkdtemp(join(tmpdir(), "dorian-plenty-"));
  onTestFinished(() => rm(data, { recursive: true }));
  process.env["TMPDIR"] = directory;
  const work = async () => writeFileSync(join(directory, "more"), "x");
  await expect(storing(data, work)).rejects.toMatchObject({
    code: "STORAGE_FULL",
    message: "The disk of the directory for temporary files is full; that of the data directory is not.",
    remedy: expect.stringContaining("TMPDIR") as string,
  });
});
