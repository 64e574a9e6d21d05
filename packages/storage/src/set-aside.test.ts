import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { bindMount, unmount } from "@dorian/linux/mount";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { LayerStore } from "./layer-store.ts";

test("what is discarded is gone at once, and removed behind", async () => {
  await using storage = await TemporaryStorage.open();
  const doomed = join(storage.layers.scratchPath, "task");
  await mkdir(join(doomed, "upper"), { recursive: true });
  await storage.layers.discard(doomed);
  expect(await readdir(storage.layers.scratchPath)).toEqual([]);
  await expect.poll(() => readdir(join(storage.directory, "set-aside"))).toEqual([]);
  await storage.layers.discard(doomed);
});

test("what cannot be removed keeps no store from opening; it is named, and tried again [B2]", async () => {
  await using storage = await TemporaryStorage.open();
  const { directory } = storage;
  const stuck = join(directory, "drafts", "dead", "point");
  await mkdir(stuck, { recursive: true });
  bindMount("/proc", stuck);
  const place = async () =>
    (await readdir(join(directory, "set-aside"))).map((name) => join(directory, "set-aside", name));
  onTestFinished(async () => {
    for (const path of await place().catch(() => [])) unmount(join(path, "point"));
  });
  const named: string[] = [];
  const open = async () => {
    await using layers = await LayerStore.open(directory, { onLeftover: ({ path }) => named.push(path) });
    await using draft = await layers.draft();
    await writeFile(join(draft.path, "file"), "");
    await draft.seal({ durable: false });
  };
  await open();
  expect(named).toEqual(await place());
  expect(named).toHaveLength(1);
  await open();
  expect(named).toHaveLength(2);
  unmount(join(named[0] ?? "", "point"));
  await open();
  expect(await place()).toEqual([]);
});
