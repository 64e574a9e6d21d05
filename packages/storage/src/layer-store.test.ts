import { spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { TemporaryStorage } from "../test/temporary-storage.ts";
import { tmpfs } from "../test/tmpfs.ts";
import { LayerStore } from "./layer-store.ts";

test("a sealed draft is a layer with what was written", async () => {
  await using storage = await TemporaryStorage.open();
  const { layers } = storage;
  await using draft = await layers.draft();
  await mkdir(join(draft.path, "empty"));
  await writeFile(join(draft.path, "file"), "content");
  symlinkSync("nowhere", join(draft.path, "dangling"));
  const layerId = await draft.seal({ durable: true });
  expect(await layers.has(layerId)).toBe(true);
  expect(await layers.list()).toEqual([layerId]);
  expect(await readFile(join(layers.path(layerId), "file"), "utf8")).toBe("content");
  await layers.makeDurable(layerId);
});

test("a draft that is not sealed leaves nothing", async () => {
  await using storage = await TemporaryStorage.open();
  const path = await (async () => {
    await using draft = await storage.layers.draft();
    await writeFile(join(draft.path, "file"), "content");
    return draft.path;
  })();
  await expect(readdir(path)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await storage.layers.list()).toEqual([]);
});

test("while the directory of all layers is away, no layer is said to be missing", async () => {
  await using storage = await TemporaryStorage.open();
  const { layers } = storage;
  await using draft = await layers.draft();
  const layerId = await draft.seal({ durable: false });
  const place = dirname(layers.path(layerId));
  await rename(place, `${place}-moved`);
  await expect(layers.has(layerId)).rejects.toMatchObject({ code: "LAYERS_AWAY", status: "UNAVAILABLE" });
  await rename(`${place}-moved`, place);
  expect(await layers.has(layerId)).toBe(true);
});

test("adopting moves a directory, and names that are not UTF-8 are no obstacle", async () => {
  await using storage = await TemporaryStorage.open();
  const directory = join(storage.layers.scratchPath, "upper");
  await mkdir(directory);
  const name = Buffer.concat([Buffer.from(`${directory}/caf`), Buffer.from([0xe9])]);
  await writeFile(name, "12345");
  const layerId = await storage.layers.adopt(directory, { durable: true });
  await expect(readdir(directory)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await storage.layers.sizeOf(layerId)).toBe(5);
});

test("a directory on another file system is refused and stays", async () => {
  await using storage = await TemporaryStorage.open();
  await using other = await TemporaryStorage.open();
  const directory = join(other.directory, "elsewhere");
  mkdirSync(directory);
  using disk = tmpfs(directory, "size=1m");
  mkdirSync(join(disk.path, "upper"));
  await expect(storage.layers.adopt(join(directory, "upper"), { durable: true })).rejects.toMatchObject({
    code: "LAYER_ELSEWHERE",
  });
  expect(await readdir(directory)).toEqual(["upper"]);
});

test("the size of a layer counts a file with two names once", async () => {
  await using storage = await TemporaryStorage.open();
  await using draft = await storage.layers.draft();
  writeFileSync(join(draft.path, "a"), "12345");
  linkSync(join(draft.path, "a"), join(draft.path, "b"));
  mkdirSync(join(draft.path, "d"));
  writeFileSync(join(draft.path, "d/c"), "123");
  expect(await storage.layers.sizeOf(await draft.seal({ durable: false }))).toBe(8);
});

test("collecting removes what is neither kept nor young", async () => {
  await using storage = await TemporaryStorage.open();
  const { layers } = storage;
  const ids: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    await using draft = await layers.draft();
    await writeFile(join(draft.path, "file"), "x");
    ids.push(await draft.seal({ durable: false }));
  }
  const [kept = "", ...others] = ids;
  expect(await layers.collect({ keep: new Set([kept]), olderThanMs: 60_000 })).toEqual([]);
  const removed = await layers.collect({ keep: new Set([kept]), olderThanMs: 0 });
  expect(removed.toSorted()).toEqual(others.toSorted());
  expect(await layers.list()).toEqual([kept]);
  await layers.remove(removed[0] ?? "");
});

test("the draft of a process that was killed is cleared, that of a live one is not [L9]", async () => {
  await using storage = await TemporaryStorage.open();
  const script = `
    import { LayerStore } from ${JSON.stringify(new URL("layer-store.ts", import.meta.url).href)};
    import { writeFileSync } from "node:fs";
    const store = await LayerStore.open(${JSON.stringify(storage.directory)});
    const draft = await store.draft();
    writeFileSync(draft.path + "/half", "half");
    console.log(draft.path);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [path] = (await once(createInterface(child.stdout), "line")) as [string];

  await (await LayerStore.open(storage.directory))[Symbol.asyncDispose]();
  expect(await readdir(path)).toEqual(["half"]);
  child.kill("SIGKILL");
  await once(child, "exit");
  await (await LayerStore.open(storage.directory))[Symbol.asyncDispose]();
  await expect(readdir(path)).rejects.toMatchObject({ code: "ENOENT" });
  await using draft = await storage.layers.draft();
  expect(await readdir(draft.path)).toEqual([]);
});

test("an id that is none is refused", async () => {
  await using storage = await TemporaryStorage.open();
  expect(() => storage.layers.path("../../etc")).toThrow(
    expect.objectContaining({ code: "LAYER_ID_INVALID" }),
  );
  await expect(storage.layers.sizeOf("ly-0000000000000000000000")).rejects.toMatchObject({
    code: "LAYER_NOT_FOUND",
  });
});
